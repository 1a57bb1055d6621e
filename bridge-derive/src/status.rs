//! `#[derive(BridgeStatus)]`.

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::{DeriveInput, Ident, Variant};

use crate::{
    attr::{Slot, walk},
    errors::Errors,
    variants::{Enum, Wanted},
};

const STATUSES: &[&str] = &["active", "inactive", "suspended"];

const WANTED: Wanted = Wanted { derive: "BridgeStatus", each: "a status", keys: STATUSES };

pub(crate) fn derive(input: TokenStream) -> TokenStream {
    let node: DeriveInput = match syn::parse2(input) {
        Ok(node) => node,
        Err(error) => return error.into_compile_error(),
    };
    let mut errors = Errors::new();
    let status = Status::read(&node, &WANTED, Case::read, &mut errors);
    check(&status, &mut errors);
    match errors.finish() {
        Ok(()) => expand(&status),
        Err(shown) => [shown, stub(&status)].into_iter().collect(),
    }
}

/// An enum with `#[derive(BridgeStatus)]`.
type Status<'a> = Enum<'a, Case<'a>>;

/// A variant, with the status that it says.
struct Case<'a> {
    variant: &'a Variant,
    says: Slot<Ident>,
    clean: bool,
}

impl<'a> Case<'a> {
    fn read(variant: &'a Variant, errors: &mut Errors) -> Self {
        let mut says = Slot::for_one("a variant is one status");
        let clean = walk(&variant.attrs, errors, |entry, errors| {
            let constant = match entry.name().as_str() {
                "active" => "Active",
                "inactive" => "Inactive",
                "suspended" => "Suspended",
                _ => return Err(entry.unknown(STATUSES)),
            };
            entry.flag()?;
            says.set(entry, Ident::new(constant, Span::call_site()), errors);
            Ok(())
        });
        Case { variant, says, clean }
    }
}

/// Every variant says which status it is: a new one must not be taken for active.
fn check(status: &Status<'_>, errors: &mut Errors) {
    for case in status.cases.iter().filter(|case| case.clean && !case.says.is_set()) {
        let name = &case.variant.ident;
        errors.at(
            name,
            format_args!(
                "say which status `{name}` is: `#[bridge(active)]`, `#[bridge(inactive)]` or `#[bridge(suspended)]`"
            ),
        );
    }
}

fn expand(status: &Status<'_>) -> TokenStream {
    let krate = &status.krate;
    let arms = status.cases.iter().filter_map(|case| {
        let (variant, says) = (&case.variant.ident, case.says.value()?);
        Some(quote!(Self::#variant { .. } => #krate::__private::Status::#says,))
    });
    // An enum without variants has no values: only a `match` on the value itself, not on a reference, knows.
    implementation(
        status,
        &if status.cases.is_empty() { quote!(match *self {}) } else { quote!(match self { #(#arms)* }) },
    )
}

fn stub(status: &Status<'_>) -> TokenStream {
    implementation(status, &quote!(::core::unreachable!()))
}

fn implementation(status: &Status<'_>, value: &TokenStream) -> TokenStream {
    let Status { node, krate, .. } = status;
    let ident = &node.ident;
    let (params, arguments, bounds) = node.generics.split_for_impl();
    let lints = status.lints();
    quote! {
        #lints
        const _: () = {
            #[automatically_derived]
            impl #params #krate::__private::BridgeStatus for #ident #arguments #bounds {
                fn status(&self) -> #krate::__private::Status {
                    #value
                }
            }
        };
    }
}
