//! `#[derive(BridgeResource)]`.

mod attr;
mod check;
mod expand;
mod generics;
mod model;
mod protocol;

use proc_macro2::TokenStream;
use syn::DeriveInput;

use crate::errors::Errors;

pub(crate) fn derive(input: TokenStream) -> TokenStream {
    let node: DeriveInput = match syn::parse2(input) {
        Ok(node) => node,
        Err(error) => return error.into_compile_error(),
    };
    let mut errors = Errors::new();
    let resource = model::Resource::read(&node, &mut errors);
    check::check(&resource, &mut errors);
    match errors.finish() {
        Ok(()) => expand::expand(&resource),
        Err(shown) => [shown, expand::stub(&resource)].into_iter().collect(),
    }
}
