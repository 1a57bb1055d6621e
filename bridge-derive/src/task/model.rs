//! The function that `#[bridge_task]` stands on.

use proc_macro2::TokenStream;
use quote::{ToTokens, TokenStreamExt};
use syn::{
    Attribute, FnArg, GenericParam, Ident, Lifetime, ReturnType, Signature, Type, Visibility, WherePredicate,
    parse::{Parse, ParseStream},
    visit_mut::VisitMut,
};

const PAYLOADS: &[&str] = &[
    "CreateAccount",
    "UpdateAccount",
    "DeleteAccount",
    "SuspendAccount",
    "UnsuspendAccount",
    "ResetPassword",
    "AnyTask",
];

/// A function whose body is kept as it was written: a body that the user is still typing does no harm.
pub(super) struct Function {
    pub(super) attrs: Vec<Attribute>,
    pub(super) vis: Visibility,
    pub(super) sig: Signature,
    body: TokenStream,
}

impl Parse for Function {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let attrs = input.call(Attribute::parse_outer)?;
        Ok(Function { attrs, vis: input.parse()?, sig: input.parse()?, body: input.parse()? })
    }
}

impl ToTokens for Function {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        tokens.append_all(&self.attrs);
        self.vis.to_tokens(tokens);
        self.sig.to_tokens(tokens);
        self.body.to_tokens(tokens);
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

/// The name of an item that is a type without parameters.
pub(super) fn type_of_item(item: TokenStream) -> Option<Ident> {
    match syn::parse2::<syn::Item>(item).ok()? {
        syn::Item::Struct(item) if item.generics.params.is_empty() => Some(item.ident),
        syn::Item::Enum(item) if item.generics.params.is_empty() => Some(item.ident),
        _ => None,
    }
}

impl Function {
    /// The function that was likely meant by one with lifetimes: with `'static` in their place. The compiler would say much
    /// about the lifetimes that the macro has refused already.
    pub(super) fn without_lifetimes(mut self) -> Self {
        let generics = &mut self.sig.generics;
        let params = std::mem::take(&mut generics.params).into_iter();
        generics.params = params.filter(|param| !matches!(param, GenericParam::Lifetime(_))).collect();
        if let Some(clause) = &mut generics.where_clause {
            let predicates = std::mem::take(&mut clause.predicates).into_iter();
            clause.predicates = predicates.filter(|bound| !matches!(bound, WherePredicate::Lifetime(_))).collect();
        }
        Static.visit_signature_mut(&mut self.sig);
        self
    }

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

    /// The types that were likely meant by those of context and payload: the first two.
    pub(super) fn likely_arguments(&self) -> Option<(&Type, &Type)> {
        let mut types = self.argument_types();
        Some((types.next()?, types.next()?))
    }

    /// Whether context and payload stand the other way round.
    pub(super) fn is_swapped(&self) -> bool {
        self.arguments().is_some_and(|(first, second)| {
            last_name(second).is_some_and(|name| name == "TaskContext")
                && last_name(first).is_some_and(|name| PAYLOADS.contains(&name.as_str()))
        })
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

struct Static;

impl VisitMut for Static {
    fn visit_lifetime_mut(&mut self, lifetime: &mut Lifetime) {
        *lifetime = Lifetime::new("'static", lifetime.span());
    }
}

/// The last name of a type's path: `TaskContext` of `bridge::TaskContext<Hr>`.
fn last_name(ty: &Type) -> Option<String> {
    match ty {
        Type::Path(path) => path.path.segments.last().map(|segment| segment.ident.to_string()),
        _ => None,
    }
}
