//! `tasks![…]`: a list of handlers, checked for two of one route.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{
    Attribute, Path, Token,
    parse::{Parse, ParseStream},
};

use crate::{
    errors::Errors,
    paths::{Krate, ends},
};

/// `$crate; a, b::<T>, m::c`, as the facade's `tasks!` passes it on.
struct List {
    krate: Krate,
    handlers: Vec<Handler>,
}

/// A handler of the list, with its `#[cfg(…)]`.
struct Handler {
    cfg: Vec<Attribute>,
    path: Path,
}

pub(crate) fn list(input: TokenStream) -> TokenStream {
    let mut errors = Errors::new();
    let parsed = errors.take(syn::parse2::<Input>(input));
    let list = parsed.map(|input| List::read(input, &mut errors));
    if let Some(list) = &list {
        check(list, &mut errors);
    }
    match (errors.finish(), &list) {
        (Ok(()), Some(list)) => expand(list),
        (Err(shown), Some(list)) => stub(&shown, list),
        (shown, None) => {
            let shown = shown.err();
            quote!({ #shown ::core::unreachable!() })
        }
    }
}

/// The list before its entries are read, so that each gets an error of its own.
struct Input {
    krate: Path,
    entries: Vec<TokenStream>,
}

impl Parse for Input {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let krate = input.parse()?;
        input.parse::<Token![;]>()?;
        let mut entries = Vec::new();
        while !input.is_empty() {
            entries.push(entry(input)?);
            if input.is_empty() {
                break;
            }
            input.parse::<Token![,]>()?;
        }
        Ok(Input { krate, entries })
    }
}

/// A path, or else everything up to the next comma.
fn entry(input: ParseStream<'_>) -> syn::Result<TokenStream> {
    let ahead = input.fork();
    if ahead.call(Attribute::parse_outer).is_ok()
        && ahead.parse::<Path>().is_ok()
        && (ahead.is_empty() || ahead.peek(Token![,]))
    {
        let (cfg, path) = (input.call(Attribute::parse_outer)?, input.parse::<Path>()?);
        return Ok(quote!(#(#cfg)* #path));
    }
    let mut tokens = TokenStream::new();
    while !input.is_empty() && !input.peek(Token![,]) {
        tokens.extend([input.parse::<proc_macro2::TokenTree>()?]);
    }
    if tokens.is_empty() { Err(input.error("expected the name of a handler")) } else { Ok(tokens) }
}

impl Parse for Handler {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        Ok(Handler { cfg: input.call(Attribute::parse_outer)?, path: input.parse()? })
    }
}

impl List {
    fn read(input: Input, errors: &mut Errors) -> Self {
        let handlers = input.entries.into_iter().filter_map(|entry| {
            let handler = syn::parse2::<Handler>(entry.clone());
            let handler = errors.take(handler.map_err(|_| {
                syn::Error::new_spanned(
                    entry,
                    "name a function that has `#[bridge_task]`: `tasks![hire, leaving::suspend, lock::<Robot>]`",
                )
            }))?;
            for attr in handler.cfg.iter().filter(|attr| !attr.path().is_ident("cfg")) {
                errors.at(attr, "only `#[cfg(…)]` can stand before a handler");
            }
            Some(handler)
        });
        List { krate: Krate::path(&input.krate), handlers: handlers.collect() }
    }
}

/// A handler is named once. Two handlers for one route are found by the compiler, which knows their types.
fn check(list: &List, errors: &mut Errors) {
    // One name may stand for several systems, each behind its own `#[cfg(…)]`.
    let always = || list.handlers.iter().filter(|handler| handler.cfg.is_empty()).map(|handler| &handler.path);
    let texts: Vec<_> = always().map(|path| path.to_token_stream().to_string()).collect();
    for (at, (path, text)) in always().zip(&texts).enumerate() {
        if texts.iter().take(at).any(|earlier| earlier == text) {
            errors.at(path, "this handler is in the list already");
        }
    }
}

/// The list is named twice: once in a constant, so that `cargo check` sees two handlers of one route, and once for the
/// value. Both are placed alike, so the compiler shows a mistake in it once.
fn expand(list: &List) -> TokenStream {
    let krate = &list.krate;
    if list.handlers.is_empty() {
        return quote!(#krate::__private::Tasks::of([]));
    }
    let cfgs: Vec<_> = list.handlers.iter().map(|Handler { cfg, .. }| quote!(#(#cfg)*)).collect();
    let entries: Vec<_> = list.handlers.iter().map(|handler| entry_of(&handler.path, krate)).collect();
    let checks = list.handlers.iter().enumerate().skip(1).map(|(at, Handler { cfg, path })| {
        let (first, _) = ends(path);
        let krate = krate.at(first);
        let span = Span::call_site().located_at(first);
        // What is configured out leaves the list: then the compiler counts.
        let (earlier, is_plain) = (&cfgs[..at], cfgs.iter().all(TokenStream::is_empty));
        let at =
            if is_plain { quote!(#at) } else { quote!({ const EARLIER: &[()] = &[#(#earlier ()),*]; EARLIER.len() }) };
        quote_spanned!(span=> #(#cfg)* const _: () = #krate::__private::assert_distinct(HANDLERS, #at);)
    });
    quote! {{
        const HANDLERS: &[#krate::__private::Listed] = &[#(#cfgs #entries.listed()),*];
        #(#checks)*
        #krate::__private::Tasks::of([#(#cfgs #entries),*])
    }}
}

fn stub(shown: &TokenStream, list: &List) -> TokenStream {
    let krate = &list.krate;
    quote!({ #shown #krate::__private::Tasks::of([]) })
}

/// `entry::<_, path>()`, from the first token of the path to the last.
fn entry_of(path: &Path, krate: &Krate) -> TokenStream {
    let (first, last) = ends(path);
    let krate = krate.at(first);
    // In parentheses it can only be a type: a plain function is then "expected type, found function".
    // As if the parentheses were ours, for they are: the user is not to be told that they are not needed.
    let ours = Span::call_site().located_at(first);
    let (head, path) = (quote_spanned!(first=> #krate::__private::entry::<_,), quote_spanned!(ours=> (#path)));
    let tail = quote_spanned!(last=> >());
    quote!(#head #path #tail)
}
