//! The function that `#[bridge_task]` stands on.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::{
    Attribute, FnArg, ReturnType, Signature, Type, Visibility,
    parse::{Parse, ParseStream},
};

/// A function whose body is kept as it was written: a body that the user is still typing does no harm.
pub(super) struct Function {
    pub(super) attrs: Vec<Attribute>,
    pub(super) vis: Visibility,
    pub(super) sig: Signature,
}

impl Parse for Function {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let attrs = input.call(Attribute::parse_outer)?;
        let (vis, sig) = (input.parse()?, input.parse()?);
        input.parse::<TokenStream>()?;
        Ok(Function { attrs, vis, sig })
    }
}

/// What stands there instead of a function.
pub(super) fn name_of_item(item: TokenStream) -> &'static str {
    let Ok(item) = syn::parse2::<syn::Item>(item) else { return "this" };
    match item {
        syn::Item::Struct(_) => "a struct",
        syn::Item::Enum(_) => "an enum",
        syn::Item::Impl(_) => "an `impl` block",
        syn::Item::Mod(_) => "a module",
        syn::Item::Trait(_) => "a trait",
        syn::Item::Const(_) => "a constant",
        _ => "this",
    }
}

impl Function {
    /// A method: generated items have no place inside an `impl` block. Without `self` it cannot be told.
    pub(super) fn is_method(&self) -> bool {
        self.sig.receiver().is_some()
    }

    /// The types of context and payload, if there are two arguments.
    pub(super) fn arguments(&self) -> Option<(&Type, &Type)> {
        let types: Vec<_> = self.argument_types().collect();
        match types[..] {
            [context, payload] => Some((context, payload)),
            _ => None,
        }
    }

    pub(super) fn argument_types(&self) -> impl Iterator<Item = &Type> {
        self.sig.inputs.iter().filter_map(|argument| match argument {
            FnArg::Typed(typed) => Some(&*typed.ty),
            FnArg::Receiver(_) => None,
        })
    }

    pub(super) fn output(&self) -> Option<&Type> {
        match &self.sig.output {
            ReturnType::Type(_, output) => Some(output),
            ReturnType::Default => None,
        }
    }

    /// The attributes that what is generated beside the function must have, too.
    pub(super) fn shared_attrs<'a>(&'a self, names: &'a [&str]) -> impl Iterator<Item = TokenStream> + 'a {
        let shared = |attr: &&Attribute| names.iter().any(|name| attr.path().is_ident(name));
        self.attrs.iter().filter(shared).map(ToTokens::to_token_stream)
    }
}
