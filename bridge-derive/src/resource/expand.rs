//! What a resource becomes. Nothing here can fail.

use proc_macro2::{Delimiter, Group, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::{Ident, Type};

use super::{
    generics::{Shapes, mentions_lifetime, mentions_type},
    model::{Field, Resource, Role},
    protocol::{Kind, Shape},
};
use crate::paths::{Krate, ends};

pub(super) fn expand(resource: &Resource<'_>) -> TokenStream {
    let Resource { krate, .. } = resource;
    let record = Ident::new("__record", Span::mixed_site());
    let edges = resource.fields().iter().filter_map(|field| Some((field, field.target().filter(|_| field.is_edge())?)));
    let edges: Vec<_> = edges.collect();
    let schemas = edges.iter().map(|(field, target)| {
        let constructor = if field.shape() == Some(Shape::Memberships) { "membership" } else { "assignment" };
        let constructor = Ident::new(constructor, Span::call_site());
        quote!(#krate::__private::EdgeSchema::#constructor::<#target>())
    });
    let mut edge = 0_usize..;
    let written =
        || resource.fields().iter().filter(|field| field.wire().is_some() && field.shape() != Some(Shape::Id));
    let bindings = written().map(binding);
    let lines = written().filter_map(|field| line(field, &record, &mut edge, resource)).collect::<Vec<_>>();
    let threads = resource.fields().iter().map(|field| thread_safe(field, krate));
    let id = resource.ids().map(|field| id_value(field, resource));
    let id_type = id_type(resource);
    let trait_impl = implementation(
        resource,
        &id_type,
        &quote!(&[#(#schemas),*]),
        &quote!(#(#id)*),
        &quote! {
            fn write(
                &self,
                #record: &mut #krate::__private::RecordWriter,
            ) -> ::core::result::Result<(), #krate::__private::FieldError> {
                #(#threads)*
                let Self { #(#bindings,)* .. } = self;
                #(#lines)*
                ::core::result::Result::Ok(())
            }
        },
    );
    let markers = markers(resource, resource.kind().as_slice());
    let targets = distinct_targets(resource);
    let lints = resource.lints();
    quote! {
        #lints
        const _: () = {
            #trait_impl
            #markers
            #targets
        };
    }
}

/// What a resource with mistakes becomes: enough for the rest of the program to be checked.
pub(super) fn stub(resource: &Resource<'_>) -> TokenStream {
    let krate = &resource.krate;
    let id_type = if resource.ids().count() == 1 { id_type(resource) } else { quote!(::std::string::String) };
    let trait_impl = implementation(
        resource,
        &id_type,
        &quote!(&[]),
        &quote!(::core::unreachable!()),
        &quote! {
            fn write(
                &self,
                _: &mut #krate::__private::RecordWriter,
            ) -> ::core::result::Result<(), #krate::__private::FieldError> {
                ::core::unreachable!()
            }
        },
    );
    let kind = resource.kind();
    let markers =
        markers(resource, kind.as_ref().map_or(&[Kind::Account, Kind::Group, Kind::License], std::slice::from_ref));
    let lints = resource.lints();
    quote! {
        #lints
        const _: () = {
            #trait_impl
            #markers
        };
    }
}

fn implementation(
    resource: &Resource<'_>,
    id_type: &TokenStream,
    edges: &TokenStream,
    id: &TokenStream,
    write: &TokenStream,
) -> TokenStream {
    let Resource { krate, slug, name, .. } = resource;
    let shapes = Shapes::of(resource);
    let ident = &resource.node.ident;
    let (params, _, bounds) = shapes.own.split_for_impl();
    let (_, arguments, _) = resource.node.generics.split_for_impl();
    let fixed = &shapes.fixed_type;
    let kind = resource.kind().unwrap_or(Kind::Account).ident();
    let fields = sent_fields(resource);
    quote! {
        #[automatically_derived]
        impl #params #krate::__private::BridgeResource for #ident #arguments #bounds {
            type Static = #fixed;
            type Id = #id_type;
            const SLUG: &'static ::core::primitive::str = #slug;
            const NAME: &'static ::core::primitive::str = #name;
            const KIND: #krate::__private::Kind = #krate::__private::Kind::#kind;
            const EDGES: &'static [#krate::__private::EdgeSchema] = #edges;
            const FIELDS: &'static [&'static ::core::primitive::str] = &[#(#fields),*];
            fn id(&self) -> Self::Id {
                #id
            }
            #write
        }
    }
}

/// The names on the wire of everything but memberships and assignments, the id first.
fn sent_fields(resource: &Resource<'_>) -> Vec<String> {
    let name = |field: &Field<'_>| match &field.role {
        Role::Protocol(protocol) if !field.is_edge() && protocol.shape != Shape::Id => Some(protocol.name.to_owned()),
        Role::Custom(name) => Some(name.clone()),
        _ => None,
    };
    std::iter::once("id".to_owned()).chain(resource.fields().iter().filter_map(name)).collect()
}

/// A field that stays on one thread is refused by its type: otherwise the errors would be about every future around it.
fn thread_safe(field: &Field<'_>, krate: &Krate) -> TokenStream {
    let (first, last) = ends(field.ty);
    let (krate, ty) = (krate.at(first), field.ty);
    let (head, tail) = (quote_spanned!(first=> #krate::__private::assert_thread_safe::), quote_spanned!(last=> ()));
    quote!(#head<#ty> #tail;)
}

/// Two links to types with one slug would be sent under one key. Of a generic type, only the compiled program knows the slugs.
fn distinct_targets(resource: &Resource<'_>) -> TokenStream {
    if resource.node.generics.type_params().next().is_some() || resource.node.generics.const_params().next().is_some() {
        return TokenStream::new();
    }
    let Shapes { fixed_type, .. } = Shapes::of(resource);
    let targets = resource.fields().iter().filter(|field| field.is_edge()).filter_map(Field::target);
    let checks = targets.enumerate().skip(1).map(|(at, target)| {
        let span = Span::call_site().located_at(ends(&target).0);
        let krate = resource.krate.at(span);
        quote_spanned! {span=>
            const _: () = #krate::__private::assert_distinct_targets(
                <#fixed_type as #krate::__private::BridgeResource>::EDGES,
                #at,
            );
        }
    });
    quote!(#(#checks)*)
}

/// `Account`, `Group` or `License`, and where the edges point.
fn markers(resource: &Resource<'_>, kinds: &[Kind]) -> TokenStream {
    let krate = &resource.krate;
    let shapes = Shapes::of(resource);
    let (params, _, bounds) = shapes.fixed.split_for_impl();
    let fixed = &shapes.fixed_type;
    let kinds = kinds.iter().map(|kind| {
        let kind = kind.ident();
        quote! {
            #[automatically_derived]
            impl #params #krate::__private::#kind for #fixed #bounds {}
        }
    });
    let mut seen = Vec::new();
    let edges = resource.fields().iter().filter(|field| field.is_edge()).filter_map(|field| {
        let target = field.target()?;
        let name = if field.shape() == Some(Shape::Memberships) { "MemberOf" } else { "AssignedTo" };
        let key = (name, target.to_token_stream().to_string());
        if seen.contains(&key) {
            return None;
        }
        seen.push(key);
        let (span, _) = ends(&target);
        let (krate, name) = (krate.at(span), Ident::new(name, span));
        // Placed at the target: two names of one type are an overlap (E0119), and that is where it is seen.
        Some(quote_spanned! {span=>
            #[automatically_derived]
            impl #params #krate::__private::#name<#target> for #fixed #bounds {}
        })
    });
    quote!(#(#kinds)* #(#edges)*)
}

/// An id with a conversion, or with a lifetime, is sent and not read back as such: it is text.
fn is_text_id(field: &Field<'_>, resource: &Resource<'_>) -> bool {
    field.attrs.with.is_set() || mentions_lifetime(field.ty, resource) || matches!(field.ty, Type::Reference(_))
}

fn id_type(resource: &Resource<'_>) -> TokenStream {
    let typed = resource.ids().next().filter(|field| !is_text_id(field, resource));
    typed.map_or_else(|| quote!(::std::string::String), |field| field.ty.to_token_stream())
}

fn id_value(field: &Field<'_>, resource: &Resource<'_>) -> TokenStream {
    let (first, last) = blamed(field);
    let (binding, value, krate) = (binding(field), value(field), resource.krate.at(first));
    let make = if is_text_id(field, resource) {
        let to_string = Ident::new("to_string", last);
        quote_spanned!(first=> ::std::string::ToString::#to_string)
    } else if mentions_type(field.ty, resource) {
        // The parameter is known to be an id, and no more.
        let duplicate = Ident::new("duplicate", last);
        quote_spanned!(first=> #krate::BridgeId::#duplicate)
    } else {
        // Not `BridgeId`: a type that is no id would be told of twice.
        let clone = Ident::new("clone", last);
        quote_spanned!(first=> ::core::clone::Clone::#clone)
    };
    quote! {
        let Self { #binding, .. } = self;
        #make(#value)
    }
}

/// The statement that writes a field. What is called is placed like the value: where both are the same to the compiler, it
/// does not point to the call as well.
fn line(
    field: &Field<'_>,
    record: &Ident,
    edge: &mut impl Iterator<Item = usize>,
    resource: &Resource<'_>,
) -> Option<TokenStream> {
    let (first, last) = blamed(field);
    let (krate, value) = (resource.krate.at(first), value(field));
    let writer = quote_spanned!(first=> #krate::__private::RecordWriter);
    let [text, status, custom, edges] = ["text", "status", "custom", "edges"].map(|name| Ident::new(name, last));
    let protocol = match &field.role {
        Role::Protocol(protocol) => protocol,
        Role::Custom(name) => return Some(quote!(#writer::#custom(#record, #name, #value)?;)),
        Role::Skipped | Role::Unmapped | Role::Unclear => return None,
    };
    match protocol.shape {
        Shape::Id => None,
        Shape::Text => {
            let name = protocol.name;
            Some(quote!(#writer::#text(#record, #name, #value)?;))
        }
        Shape::Status => Some(quote!(#writer::#status(#record, #value)?;)),
        Shape::Memberships | Shape::Assignments => {
            let (krate, target, at) = (&resource.krate, field.target()?, syn::Index::from(edge.next()?));
            let edges = quote_spanned!(last=> #edges::<#target>);
            let schema = quote!(&<Self as #krate::__private::BridgeResource>::EDGES[#at]);
            Some(quote!(#writer::#edges(#record, #schema, #value)?;))
        }
    }
}

/// What errors about a field's value underline: its type, or the function that converts it.
fn blamed(field: &Field<'_>) -> (Span, Span) {
    field.attrs.with.get().map_or_else(|| ends(field.ty), |with| ends(&with.value))
}

/// A reference to the field: `&*name`, or `&path(name)`, from the first blamed token to the last.
///
/// `name` is bound by [`binding`]. All tokens here are placed with the hygiene of the user's, so that the compiler takes
/// them for the user's own: `self` could not be.
fn value(field: &Field<'_>) -> TokenStream {
    let (first, last) = blamed(field);
    let name = local(field);
    let Some(with) = field.attrs.with.value() else { return quote_spanned!(first=> &*#name) };
    let mut arguments = Group::new(Delimiter::Parenthesis, name.to_token_stream());
    arguments.set_span(last);
    let (borrow, arguments) = (quote_spanned!(first=> &), TokenTree::Group(arguments));
    quote!(#borrow #with #arguments)
}

/// The part of the pattern `Self { … }` that binds what [`value`] reads.
fn binding(field: &Field<'_>) -> TokenStream {
    let (name, local) = (field.ident, local(field));
    quote!(#name: #local)
}

/// The local name of a field's value, placed at the last blamed token. It is small letters whatever the field's name is: the
/// style of that is the user's affair, and told once.
fn local(field: &Field<'_>) -> Ident {
    let (_, last) = blamed(field);
    let name = field.name();
    let is_small = !name.contains("__") && !name.contains(char::is_uppercase);
    let name = if is_small { format!("__{name}") } else { format!("__field_{}", field.position) };
    Ident::new(&name, last)
}
