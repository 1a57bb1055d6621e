//! `#[derive(BridgeError)]`.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::{DeriveInput, Generics, Ident, LitStr, Variant, parse_quote, parse_quote_spanned};

use crate::{
    attr::{Slot, walk},
    duration,
    errors::Errors,
    names,
    variants::{Enum, Wanted},
};

const KEYS: &[&str] = &["code", "final", "retry", "unknown"];

/// The codes of protocol.md section 6.
const CODES: &[&str] = &[
    "account_not_found",
    "account_already_exists",
    "invalid_payload",
    "permission_denied",
    "rate_limited",
    "unsupported_action",
    "unsupported_change",
    DEFAULT_CODE,
    "timeout",
    "outcome_unknown",
    "result_lost",
    "superseded",
    "internal_error",
];

/// The code of a variant that only says its verdict.
const DEFAULT_CODE: &str = "external_system_error";

const WANTED: Wanted = Wanted { derive: "BridgeError", each: "a failure", keys: KEYS };

pub(crate) fn derive(input: TokenStream) -> TokenStream {
    let node: DeriveInput = match syn::parse2(input) {
        Ok(node) => node,
        Err(error) => return error.into_compile_error(),
    };
    let mut errors = Errors::new();
    let failures = Failures::read(&node, &WANTED, Case::read, &mut errors);
    check(&failures, &mut errors);
    match errors.finish() {
        Ok(()) => expand(&failures),
        Err(shown) => [shown, stub(&failures)].into_iter().collect(),
    }
}

/// An enum with `#[derive(BridgeError)]`.
type Failures<'a> = Enum<'a, Case<'a>>;

/// A variant, with what it means to Iden.
struct Case<'a> {
    variant: &'a Variant,
    code: Slot<LitStr>,
    verdict: Slot<Verdict>,
    clean: bool,
}

enum Verdict {
    Final,
    Retry(Option<u64>),
    Unknown,
}

impl<'a> Case<'a> {
    fn read(variant: &'a Variant, errors: &mut Errors) -> Self {
        let mut code = Slot::new();
        let mut verdict = Slot::for_one("a failure has one verdict");
        let clean = walk(&variant.attrs, errors, |entry, errors| {
            match entry.name().as_str() {
                "code" => {
                    let text = entry.text()?;
                    check_code(&text, errors);
                    code.set(entry, text, errors);
                }
                "final" => {
                    entry.flag()?;
                    verdict.set(entry, Verdict::Final, errors);
                }
                "retry" if entry.has_value() => {
                    let after: LitStr = entry.value("a word alone, or the time to wait", "\"30s\"")?;
                    verdict.set(entry, Verdict::Retry(Some(duration::read(&after)?)), errors);
                }
                "retry" => verdict.set(entry, Verdict::Retry(None), errors),
                "unknown" => {
                    entry.flag()?;
                    verdict.set(entry, Verdict::Unknown, errors);
                }
                _ => return Err(entry.unknown(KEYS)),
            }
            Ok(())
        });
        Case { variant, code, verdict, clean }
    }
}

/// A code is for machines: snake_case, and not a misspelt one of the protocol's.
fn check_code(code: &LitStr, errors: &mut Errors) {
    let text = code.value();
    if !names::is_snake_case(&text) {
        return errors.at(code, "a code is small letters, digits and `_`, as in \"account_not_found\"");
    }
    // Closer than a mere likeness: `account_locked` is a code of the user's own, `acount_not_found` is a typo.
    let typo = |known: &&&str| text != ***known && strsim::damerau_levenshtein(&text, known) <= 2;
    if let Some(known) = CODES.iter().find(typo).filter(|_| !CODES.contains(&text.as_str())) {
        errors.at(code, format_args!("`{text}` is close to a code that Iden knows, did you mean `{known}`?"));
    }
}

/// Every variant says what it means: nobody should guess whether an effect happened.
fn check(failures: &Failures<'_>, errors: &mut Errors) {
    let silent = |case: &&Case<'_>| case.clean && !case.code.is_set() && !case.verdict.is_set();
    for case in failures.cases.iter().filter(silent) {
        let name = &case.variant.ident;
        let message = format!(
            "say what `{name}` means for the task\n\
             the task cannot be done: `#[bridge(code = \"…\")]`, or `#[bridge(final)]` with the code `{DEFAULT_CODE}`\n\
             nothing happened, and trying again may help: `#[bridge(retry)]`, or `retry = \"30s\"`\n\
             nobody knows whether the effect happened: `#[bridge(unknown)]`"
        );
        errors.at(name, message);
    }
}

fn expand(failures: &Failures<'_>) -> TokenStream {
    let krate = &failures.krate;
    let arms = failures.cases.iter().map(|case| {
        let variant = &case.variant.ident;
        let code = case.code.value().map_or_else(|| DEFAULT_CODE.to_owned(), LitStr::value);
        let verdict = match case.verdict.value() {
            None | Some(Verdict::Final) => quote!(Final),
            Some(Verdict::Retry(None)) => quote!(Retry(::core::option::Option::None)),
            Some(Verdict::Retry(Some(millis))) => quote! {
                Retry(::core::option::Option::Some(::core::time::Duration::from_millis(#millis)))
            },
            Some(Verdict::Unknown) => quote!(Unknown),
        };
        quote!(Self::#variant { .. } => (#code, #krate::__private::Verdict::#verdict),)
    });
    if failures.cases.is_empty() {
        return implementation(failures, &quote!(match self {}));
    }
    // At the enum's name, and with its hygiene: an enum without `Display` is refused there. `self` could not be placed so.
    let failure = Ident::new("__failure", failures.node.ident.span());
    let span = failure.span();
    let message = quote_spanned!(span=> &#failure);
    let fail = krate.at(span);
    let fail = quote_spanned!(span=> #fail::__private::TaskError::fail);
    implementation(
        failures,
        &quote! {
            let #failure = self;
            let (__code, __verdict) = match &#failure { #(#arms)* };
            #fail(__code, #message).with_verdict(__verdict)
        },
    )
}

fn stub(failures: &Failures<'_>) -> TokenStream {
    implementation(failures, &quote!(::core::unreachable!()))
}

fn implementation(failures: &Failures<'_>, value: &TokenStream) -> TokenStream {
    let Failures { node, krate, .. } = failures;
    let ident = &node.ident;
    let generics = bounded(node);
    let (params, arguments, bounds) = generics.split_for_impl();
    let lints = failures.lints();
    quote! {
        #lints
        const _: () = {
            #[automatically_derived]
            impl #params #krate::__private::BridgeError for #ident #arguments #bounds {
                fn into_task_error(self) -> #krate::__private::TaskError {
                    #value
                }
            }
        };
    }
}

/// A generic error is a failure where it can be shown and may cross threads.
fn bounded(node: &DeriveInput) -> Generics {
    let mut generics = node.generics.clone();
    let params: Vec<_> = node.generics.type_params().map(|param| param.ident.clone()).collect();
    if !params.is_empty() {
        let bounds = &mut generics.make_where_clause().predicates;
        let (ident, (_, arguments, _)) = (&node.ident, node.generics.split_for_impl());
        bounds.push(parse_quote_spanned!(ident.span()=> #ident #arguments: ::core::fmt::Display));
        bounds.extend(params.iter().map(|param| -> syn::WherePredicate { parse_quote!(#param: ::core::marker::Send) }));
    }
    generics
}
