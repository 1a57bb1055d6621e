//! Reading `#[bridge(…)]`: the walk over its entries, and the slots that they are kept in.

use quote::ToTokens;
use syn::{Attribute, ExprPath, LitStr, Path, Token, Type, ext::IdentExt, meta::ParseNestedMeta, parse::Parse};

use crate::{errors::Errors, suggest};

/// A value with the key that it was given by: each has a span of its own.
pub(crate) struct Keyed<T> {
    pub(crate) key: Path,
    pub(crate) value: T,
}

/// A place for one value. The only check for duplicates is [`Slot::set`].
pub(crate) struct Slot<T> {
    /// Why there is only one: "a resource is one of `account`, `group` or `license`".
    rule: &'static str,
    found: Option<Keyed<T>>,
}

impl<T> Slot<T> {
    pub(crate) fn new() -> Self {
        Slot::for_one("")
    }

    /// A slot that several keys share.
    pub(crate) fn for_one(rule: &'static str) -> Self {
        Slot { rule, found: None }
    }

    pub(crate) fn set(&mut self, entry: &Entry<'_>, value: T, errors: &mut Errors) {
        let Some(first) = &self.found else {
            self.found = Some(Keyed { key: entry.key().clone(), value });
            return;
        };
        let (first, second) = (name_of(&first.key), name_of(entry.key()));
        if first == second {
            errors.at(entry.key(), format_args!("duplicate `{second}`"));
        } else {
            errors.at(entry.key(), format_args!("`{second}` beside `{first}`: {}", self.rule));
        }
    }

    pub(crate) fn get(&self) -> Option<&Keyed<T>> {
        self.found.as_ref()
    }

    pub(crate) fn value(&self) -> Option<&T> {
        self.found.as_ref().map(|found| &found.value)
    }

    pub(crate) fn is_set(&self) -> bool {
        self.found.is_some()
    }
}

/// One entry of an attribute: `key`, or `key = value`.
pub(crate) struct Entry<'a>(ParseNestedMeta<'a>);

impl Entry<'_> {
    pub(crate) fn key(&self) -> &Path {
        &self.0.path
    }

    pub(crate) fn name(&self) -> String {
        name_of(self.key())
    }

    /// Says that the key takes no value.
    pub(crate) fn flag(&self) -> syn::Result<()> {
        if self.ends() {
            return Ok(());
        }
        let takes_none = || syn::Error::new_spanned(self.rest(), format_args!("`{}` takes no value", self.name()));
        Err(self.missing_comma().unwrap_or_else(takes_none))
    }

    /// Whether a value follows.
    pub(crate) fn has_value(&self) -> bool {
        !self.ends()
    }

    /// A text in quotes.
    pub(crate) fn text(&self) -> syn::Result<LitStr> {
        self.value("text in quotes", "\"…\"")
    }

    /// The path of a function.
    pub(crate) fn function(&self) -> syn::Result<ExprPath> {
        self.value("the path of a function", "path")
    }

    pub(crate) fn ty(&self) -> syn::Result<Type> {
        self.value("a type", "Type")
    }

    /// A value, or an error that shows how the entry is written.
    pub(crate) fn value<T: Parse>(&self, what: &str, example: &str) -> syn::Result<T> {
        let name = self.name();
        let wrong = |tokens: &dyn ToTokens| {
            syn::Error::new_spanned(tokens.to_token_stream(), format_args!("`{name}` is {what}: `{name} = {example}`"))
        };
        if !self.0.input.peek(Token![=]) || self.0.input.peek(Token![==]) {
            return Err(wrong(self.key()));
        }
        let input = self.0.value()?;
        let rest = self.rest();
        if rest.is_empty() {
            return Err(wrong(self.key()));
        }
        let value = input.parse().map_err(|_| wrong(&rest))?;
        if self.ends() { Ok(value) } else { Err(self.missing_comma().unwrap_or_else(|| wrong(&rest))) }
    }

    /// The key is none of `known`.
    pub(crate) fn unknown(&self, known: &[&str]) -> syn::Error {
        syn::Error::new_spanned(self.key(), suggest::unknown("key", &self.name(), known))
    }

    fn ends(&self) -> bool {
        self.0.input.is_empty() || self.0.input.peek(Token![,])
    }

    /// The error of an entry that another one follows without a comma.
    fn missing_comma(&self) -> Option<syn::Error> {
        let next = self.0.input.fork().call(syn::Ident::parse_any).ok()?;
        Some(syn::Error::new_spanned(&next, format_args!("a comma is missing before `{next}`")))
    }

    /// What stands before the next comma, without taking it.
    fn rest(&self) -> proc_macro2::TokenStream {
        let ahead = self.0.input.fork();
        std::iter::from_fn(|| {
            if ahead.is_empty() || ahead.peek(Token![,]) { None } else { ahead.parse::<proc_macro2::TokenTree>().ok() }
        })
        .collect()
    }

    /// Steps over what is left of an entry that could not be used, so that those after it are still read.
    fn skip(&self) -> syn::Result<()> {
        while !self.ends() {
            self.0.input.parse::<proc_macro2::TokenTree>()?;
        }
        Ok(())
    }
}

fn name_of(key: &Path) -> String {
    key.get_ident()
        .map_or_else(|| key.to_token_stream().to_string().replace(' ', ""), |ident| ident.unraw().to_string())
}

/// Calls `read` with every entry of the item's `#[bridge(…)]` attributes. `false`: some could not be read.
pub(crate) fn walk(
    attrs: &[Attribute],
    errors: &mut Errors,
    mut read: impl FnMut(&Entry<'_>, &mut Errors) -> syn::Result<()>,
) -> bool {
    let mut clean = true;
    for attr in attrs.iter().filter(|attr| attr.path().is_ident("bridge")) {
        let parsed = attr.parse_nested_meta(|meta| {
            clean &= visit(meta, errors, &mut read)?;
            Ok(())
        });
        clean &= errors.take(parsed).is_some();
    }
    clean
}

/// The lints that the user allows on these items. Generated code repeats names of theirs out of reach of an `allow`, and
/// what is deprecated is deprecated for the callers of it, not for the code that belongs to it.
pub(crate) fn lints<'a>(items: impl IntoIterator<Item = &'a [Attribute]>) -> proc_macro2::TokenStream {
    let (mut lints, mut is_deprecated) = (proc_macro2::TokenStream::new(), false);
    for attr in items.into_iter().flatten() {
        is_deprecated |= attr.path().is_ident("deprecated");
        if attr.path().is_ident("allow") {
            attr.to_tokens(&mut lints);
        }
    }
    if is_deprecated {
        lints.extend(quote::quote!(#[allow(deprecated)]));
    }
    lints
}

/// One entry: an error of its own is kept, and the next one is still read.
pub(crate) fn visit(
    meta: ParseNestedMeta<'_>,
    errors: &mut Errors,
    read: &mut impl FnMut(&Entry<'_>, &mut Errors) -> syn::Result<()>,
) -> syn::Result<bool> {
    let entry = Entry(meta);
    let result = read(&entry, errors);
    let clean = errors.take(result).is_some();
    entry.skip()?;
    Ok(clean)
}
