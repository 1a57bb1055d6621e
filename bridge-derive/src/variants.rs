//! An enum whose variants carry attributes of ours.

use proc_macro2::TokenStream;
use syn::{Data, DeriveInput, Path, Variant};

use crate::{
    attr::{Slot, lints, walk},
    errors::Errors,
    paths::{Krate, read_krate},
};

/// What a derive asks of an enum.
pub(crate) struct Wanted {
    /// The derive, which is also the trait that a user would write by hand.
    pub(crate) derive: &'static str,
    /// What each variant stands for, with its article.
    pub(crate) each: &'static str,
    /// The keys that stand on a variant.
    pub(crate) keys: &'static [&'static str],
}

/// An enum, each variant read into a `C`.
pub(crate) struct Enum<'a, C> {
    pub(crate) node: &'a DeriveInput,
    pub(crate) krate: Krate,
    pub(crate) cases: Vec<C>,
}

impl<'a, C> Enum<'a, C> {
    pub(crate) fn read(
        node: &'a DeriveInput,
        wanted: &Wanted,
        mut case: impl FnMut(&'a Variant, &mut Errors) -> C,
        errors: &mut Errors,
    ) -> Self {
        let mut krate = Slot::<Path>::new();
        walk(&node.attrs, errors, |entry, errors| match entry.name().as_str() {
            "crate" => read_krate(entry, &mut krate, errors),
            name if wanted.keys.contains(&name) => {
                Err(syn::Error::new_spanned(entry.key(), format_args!("`{name}` stands on a variant")))
            }
            _ => Err(entry.unknown(&["crate"])),
        });
        let not_an_enum = |it: &str| {
            let Wanted { derive, each, .. } = wanted;
            format!("`{derive}` is derived on an enum, each variant {each}; for {it}, write `impl {derive}` by hand")
        };
        let mut read = |variant: &'a Variant| {
            for field in &variant.fields {
                if let Some(attr) = field.attrs.iter().find(|attr| attr.path().is_ident("bridge")) {
                    errors.at(attr, "`#[bridge(…)]` belongs on the variant, not on a field of it");
                }
            }
            case(variant, errors)
        };
        let cases = match &node.data {
            Data::Enum(data) => data.variants.iter().map(&mut read).collect(),
            Data::Struct(data) => {
                errors.at(data.struct_token, not_an_enum("a struct"));
                Vec::new()
            }
            Data::Union(data) => {
                errors.at(data.union_token, not_an_enum("a union"));
                Vec::new()
            }
        };
        Enum { node, krate: Krate::of(&krate), cases }
    }

    /// The lints that the generated code leaves alone.
    pub(crate) fn lints(&self) -> TokenStream {
        let variants = match &self.node.data {
            Data::Enum(data) => data.variants.iter().map(|variant| &*variant.attrs).collect(),
            _ => Vec::new(),
        };
        lints(std::iter::once(&*self.node.attrs).chain(variants))
    }
}
