//! `#[bridge_task]`.

mod attr;
mod check;
mod expand;
mod model;

use proc_macro2::TokenStream;
use quote::quote;

use crate::errors::Errors;

/// The item stays as the user wrote it; what is generated stands beside it.
pub(crate) fn attribute(args: TokenStream, item: &TokenStream) -> TokenStream {
    let mut errors = Errors::new();
    let args = attr::Args::read(args, &mut errors);
    let Ok(function) = syn::parse2::<model::Function>(item.clone()) else {
        let found = model::name_of_item(item.clone());
        errors.at(item, format_args!("`#[bridge_task]` stands on an `async fn`, not on {found}"));
        let Err((first, others)) = errors.finish_apart() else { return item.clone() };
        // A list that names it must not ask for the attribute once more.
        let shown = match model::type_of_item(item.clone()) {
            Some(ident) => expand::refused(&ident, &syn::Generics::default(), &args, &first),
            None => first,
        };
        return quote!(#item #shown #others);
    };
    let usable = check::check(&function, &mut errors);
    match errors.finish_apart() {
        Ok(()) => {
            let handler = expand::expand(&function, &args);
            quote!(#item #handler)
        }
        // Inside an `impl` block there is no room for anything but the method.
        Err((first, others)) if function.is_method() => quote!(#item #first #others),
        Err((first, others)) => {
            let function = if usable.as_it_is { function } else { function.without_lifetimes() };
            let stub = expand::stub(&function, &args, usable.types, &first);
            quote!(#function #stub #others)
        }
    }
}
