//! `#[derive(BridgeStatus)]`.

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::{Data, DeriveInput, Ident, Path, Variant};

use crate::{
    attr::{Slot, walk},
    errors::Errors,
    paths::{Krate, read_krate},
};

const STATUSES: &[&str] = &["active", "inactive", "suspended"];

pub(crate) fn derive(input: TokenStream) -> TokenStream {
    let node: DeriveInput = match syn::parse2(input) {
        Ok(node) => node,
        Err(error) => return error.into_compile_error(),
    };
    let mut errors = Errors::new();
    let status = Status::read(&node, &mut errors);
    check(&status, &mut errors);
    match errors.finish() {
        Ok(()) => expand(&status),
        Err(shown) => [shown, stub(&status)].into_iter().collect(),
    }
}

/// An enum with `#[derive(BridgeStatus)]`.
struct Status<'a> {
    node: &'a DeriveInput,
    krate: Krate,
    cases: Vec<Case<'a>>,
}

/// A variant, with the status that it says.
struct Case<'a> {
    variant: &'a Variant,
    says: Slot<Ident>,
    clean: bool,
}

impl<'a> Status<'a> {
    fn read(node: &'a DeriveInput, errors: &mut Errors) -> Self {
        let mut krate = Slot::<Path>::new();
        walk(&node.attrs, errors, |entry, errors| match entry.name().as_str() {
            "crate" => read_krate(entry, &mut krate, errors),
            name if STATUSES.contains(&name) => {
                Err(syn::Error::new_spanned(entry.key(), format_args!("`{name}` stands on a variant")))
            }
            _ => Err(entry.unknown(&["crate"])),
        });
        let cases = match &node.data {
            Data::Enum(data) => data.variants.iter().map(|variant| Case::read(variant, errors)).collect(),
            Data::Struct(data) => {
                errors.at(data.struct_token, not_an_enum("a struct"));
                Vec::new()
            }
            Data::Union(data) => {
                errors.at(data.union_token, not_an_enum("a union"));
                Vec::new()
            }
        };
        Status { node, krate: Krate::of(&krate), cases }
    }
}

fn not_an_enum(it: &str) -> String {
    format!("`BridgeStatus` is derived on an enum, each variant a status; for {it}, write `impl BridgeStatus` by hand")
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
        for field in &variant.fields {
            if let Some(attr) = field.attrs.iter().find(|attr| attr.path().is_ident("bridge")) {
                errors.at(attr, "`#[bridge(…)]` stands on the variant, not on what it holds");
            }
        }
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
    quote! {
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
