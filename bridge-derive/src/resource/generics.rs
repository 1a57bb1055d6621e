//! The generics of the implementations.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};
use syn::{
    GenericParam, Generics, Ident, Lifetime, Path, Type, WherePredicate, parse_quote,
    visit::{self, Visit},
    visit_mut::{self, VisitMut},
};

use super::model::{Resource, Role};
use super::protocol::{Kind, Shape};

/// The generics of the type as it is, and with every lifetime `'static`.
pub(super) struct Shapes {
    pub(super) own: Generics,
    pub(super) fixed: Generics,
    /// The type with every lifetime `'static`.
    pub(super) fixed_type: TokenStream,
}

impl Shapes {
    pub(super) fn of(resource: &Resource<'_>) -> Self {
        let generics = &resource.node.generics;
        let mut own = generics.clone();
        let bounds = bounds(resource);
        if !bounds.is_empty() {
            own.make_where_clause().predicates.extend(bounds);
        }
        let mut fixed = own.clone();
        fixed.params = fixed.params.into_iter().filter(|param| !matches!(param, GenericParam::Lifetime(_))).collect();
        if let Some(clause) = &mut fixed.where_clause {
            let kept = std::mem::take(&mut clause.predicates).into_iter();
            clause.predicates = kept.filter(|predicate| !matches!(predicate, WherePredicate::Lifetime(_))).collect();
        }
        let names = generics.lifetimes().map(|param| param.lifetime.ident.clone()).collect();
        Renamed { names, to: |_| Lifetime::new("'static", Span::call_site()) }.visit_generics_mut(&mut fixed);
        Shapes { fixed_type: fixed_type(resource), own, fixed }
    }
}

fn fixed_type(resource: &Resource<'_>) -> TokenStream {
    let ident = &resource.node.ident;
    if resource.node.generics.params.is_empty() {
        return ident.to_token_stream();
    }
    let arguments = resource.node.generics.params.iter().map(|param| match param {
        GenericParam::Lifetime(_) => quote!('static),
        GenericParam::Type(param) => param.ident.to_token_stream(),
        GenericParam::Const(param) => param.ident.to_token_stream(),
    });
    quote!(#ident<#(#arguments),*>)
}

/// What the implementations ask of the type's parameters, beside what the user asks.
fn bounds(resource: &Resource<'_>) -> Vec<WherePredicate> {
    let krate = &resource.krate;
    let params = resource.node.generics.type_params().map(|param| &param.ident);
    let mut bounds: Vec<WherePredicate> =
        params.map(|param| parse_quote!(#param: ::core::marker::Send + ::core::marker::Sync + 'static)).collect();
    for field in resource.fields() {
        if mentions_type(field.ty, resource) && !field.attrs.with.is_set() {
            let wanted: Path = match (&field.role, field.shape()) {
                (Role::Custom(_), _) => parse_quote!(#krate::CustomField),
                (_, Some(Shape::Id)) if mentions_lifetime(field.ty, resource) => parse_quote!(::core::fmt::Display),
                (_, Some(Shape::Id)) => parse_quote!(#krate::BridgeId),
                (_, Some(Shape::Text)) => parse_quote!(#krate::TextField),
                (_, Some(Shape::Status)) => parse_quote!(#krate::StatusField),
                (_, Some(Shape::Memberships | Shape::Assignments)) => {
                    let target = field.target();
                    parse_quote!(#krate::EdgeField<#target>)
                }
                (_, None) => continue,
            };
            bounds.push(for_every_lifetime(field.ty, &wanted, resource));
        }
        if let Some(target) = field.target().filter(|target| field.is_edge() && mentions_type(target, resource)) {
            let kind = if field.shape() == Some(Shape::Memberships) { Kind::Group } else { Kind::License }.ident();
            bounds.push(parse_quote!(#target: #krate::#kind));
        }
    }
    bounds
}

/// `T: Bound`, or `for<'__a> &'__a T: Bound`: the bound must hold for the static type, too.
fn for_every_lifetime(ty: &Type, bound: &Path, resource: &Resource<'_>) -> WherePredicate {
    if !mentions_lifetime(ty, resource) {
        return parse_quote!(#ty: #bound);
    }
    let fresh: fn(&Ident) -> Lifetime = |name| Lifetime::new(&format!("'__{name}"), Span::call_site());
    let names: Vec<_> = resource.node.generics.lifetimes().map(|param| param.lifetime.ident.clone()).collect();
    let bound_names = names.iter().map(fresh);
    let bound_names = quote!(#(#bound_names),*);
    let mut ty = ty.clone();
    Renamed { names, to: fresh }.visit_type_mut(&mut ty);
    parse_quote!(for<#bound_names> #ty: #bound)
}

/// Whether a type mentions one of the struct's lifetimes, or is a reference.
pub(super) fn mentions_lifetime(ty: &Type, resource: &Resource<'_>) -> bool {
    struct Found<'a>(&'a Generics, bool);
    impl Visit<'_> for Found<'_> {
        fn visit_lifetime(&mut self, lifetime: &Lifetime) {
            self.1 |= self.0.lifetimes().any(|param| param.lifetime == *lifetime);
        }
    }
    let mut found = Found(&resource.node.generics, false);
    found.visit_type(ty);
    found.1
}

/// Whether a type mentions one of the struct's type parameters.
pub(super) fn mentions_type(ty: &Type, resource: &Resource<'_>) -> bool {
    struct Found<'a>(&'a Generics, bool);
    impl<'ast> Visit<'ast> for Found<'_> {
        fn visit_path(&mut self, path: &'ast Path) {
            let first = path.segments.first().filter(|_| path.leading_colon.is_none());
            self.1 |= first.is_some_and(|first| self.0.type_params().any(|param| param.ident == first.ident));
            visit::visit_path(self, path);
        }
    }
    let mut found = Found(&resource.node.generics, false);
    found.visit_type(ty);
    found.1
}

/// Replaces the struct's lifetimes.
struct Renamed {
    names: Vec<Ident>,
    to: fn(&Ident) -> Lifetime,
}

impl VisitMut for Renamed {
    fn visit_lifetime_mut(&mut self, lifetime: &mut Lifetime) {
        if self.names.contains(&lifetime.ident) {
            *lifetime = (self.to)(&lifetime.ident);
        }
        visit_mut::visit_lifetime_mut(self, lifetime);
    }
}
