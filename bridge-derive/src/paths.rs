//! Where generated code finds this project, and where its tokens are placed.

use proc_macro2::{Group, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote_spanned};
use syn::Path;

use crate::{
    attr::{Entry, Slot},
    errors::Errors,
};

/// The facade: `::iden_bridge`, or what `crate = path` says.
#[derive(Clone)]
pub(crate) enum Krate {
    Default(Span),
    Named(TokenStream),
}

impl Krate {
    pub(crate) fn of(slot: &Slot<Path>) -> Self {
        slot.value().map_or_else(|| Krate::Default(Span::call_site()), Krate::path)
    }

    pub(crate) fn path(path: &Path) -> Self {
        Krate::Named(path.to_token_stream())
    }

    /// The same path, with errors about it shown at `span`. The default one means the same with any hygiene.
    pub(crate) fn at(&self, span: Span) -> Self {
        match self {
            Krate::Default(_) => Krate::Default(span),
            Krate::Named(path) => Krate::Named(placed(path.clone(), span)),
        }
    }
}

impl ToTokens for Krate {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        match self {
            Krate::Default(span) => tokens.extend(quote_spanned!(*span=> ::iden_bridge)),
            Krate::Named(path) => path.to_tokens(tokens),
        }
    }
}

/// Reads `crate = path`.
pub(crate) fn read_krate(entry: &Entry<'_>, slot: &mut Slot<Path>, errors: &mut Errors) -> syn::Result<()> {
    let path: Path = entry.value("a path without quotes", "::iden_bridge")?;
    let roots = ["crate", "self", "super", "$crate"];
    let from_root = path.leading_colon.is_some()
        || path.segments.first().is_some_and(|first| roots.iter().any(|root| first.ident == root));
    if !from_root {
        let path = path.to_token_stream().to_string().replace(' ', "");
        errors.at(
            entry.key(),
            format_args!("`crate` names a path from the root: `crate = ::{path}` or `crate = crate::{path}`"),
        );
    }
    slot.set(entry, path, errors);
    Ok(())
}

/// The tokens as they are, shown at `span` in errors: what they mean does not change.
pub(crate) fn placed(tokens: TokenStream, span: Span) -> TokenStream {
    let place = |token: TokenTree| match token {
        TokenTree::Group(group) => {
            let mut moved = Group::new(group.delimiter(), placed(group.stream(), span));
            moved.set_span(group.span().located_at(span));
            TokenTree::Group(moved)
        }
        mut token => {
            token.set_span(token.span().located_at(span));
            token
        }
    };
    tokens.into_iter().map(place).collect()
}

/// The spans of the first and the last token. A generated expression that begins at the first and ends at the last is
/// underlined like the whole; joined spans would be, too, but on stable they are only the first.
pub(crate) fn ends(tokens: &impl ToTokens) -> (Span, Span) {
    let tokens: Vec<_> = tokens.to_token_stream().into_iter().collect();
    let open = |token: &TokenTree| match token {
        TokenTree::Group(group) => group.span_open(),
        token => token.span(),
    };
    let close = |token: &TokenTree| match token {
        TokenTree::Group(group) => group.span_close(),
        token => token.span(),
    };
    let here = Span::call_site;
    (tokens.first().map_or_else(here, open), tokens.last().map_or_else(here, close))
}
