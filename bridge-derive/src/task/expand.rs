//! What a handler becomes, beside the function itself. Nothing here can fail.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{Ident, Type, ext::IdentExt};

use super::{
    attr::{Args, Interruption},
    model::Function,
};
use crate::{
    attr::lints,
    paths::{Krate, ends, placed},
};

pub(super) fn expand(function: &Function, args: &Args) -> TokenStream {
    let Some((context, payload)) = function.arguments() else { return proxy(function) };
    let outcome = function.output().map(ToTokens::to_token_stream).unwrap_or_default();
    let ident = &function.sig.ident;
    let (_, arguments, _) = function.sig.generics.split_for_impl();
    let turbofish = arguments.as_turbofish();
    let [cx, task] = ["__cx", "__task"].map(|name| Ident::new(name, Span::mixed_site()));
    let krate = Krate::of(&args.krate);
    let call = call(function, &quote!(#ident #turbofish(#cx, #task)), &cx, &task);
    let probe = args.interruption.get().and_then(|keyed| match &keyed.value {
        Interruption::Verify(path) => Some(probe(path, &krate, &cx, &task)),
        _ => None,
    });
    let impl_ = implementation(
        function,
        args,
        &[context.to_token_stream(), payload.to_token_stream(), outcome],
        &quote! {
            #call
            #probe
        },
    );
    [proxy(function), impl_].into_iter().collect()
}

/// What a handler with mistakes becomes, so that a list that names it can be checked. It shows the first mistake.
pub(super) fn stub(function: &Function, args: &Args, types_are_usable: bool, shown: &TokenStream) -> TokenStream {
    let Some((context, payload)) = function.likely_arguments().filter(|_| types_are_usable) else {
        let refused = refused(&function.sig.ident, &function.sig.generics, args, shown);
        return [proxy(function), refused].into_iter().collect();
    };
    let (context, payload) = if function.is_swapped() { (payload, context) } else { (context, payload) };
    let (context, payload) = (owned(context), owned(payload));
    let krate = Krate::of(&args.krate);
    let outcome = quote! {
        ::core::result::Result<<#payload as #krate::__private::TaskPayload>::Outcome, #krate::__private::TaskError>
    };
    let [cx, task] = ["__cx", "__task"].map(|name| Ident::new(name, Span::mixed_site()));
    let call = call(function, &quote!(async { let _ = (#cx, #task); ::core::unreachable!() }), &cx, &task);
    let impl_ = implementation(function, args, &[context, payload, outcome], &call);
    [proxy(function), impl_, shown.clone()].into_iter().collect()
}

/// A handler of which no type is known. The mistake is shown inside the type of its context, as the length of an array: a type
/// with an error in it is one of which the compiler says nothing more.
pub(super) fn refused(ident: &Ident, generics: &syn::Generics, args: &Args, shown: &TokenStream) -> TokenStream {
    let krate = Krate::of(&args.krate);
    let name = ident.unraw().to_string();
    let (params, arguments, bounds) = generics.split_for_impl();
    quote! {
        const _: () = {
            #[automatically_derived]
            impl #params #krate::__private::TaskHandler<()> for #ident #arguments #bounds {
                type Context = [(); #shown];
                type Payload = Self::Context;
                type Outcome = Self::Context;
                type Interruption = Self::Context;
                type Action = Self::Context;
                const NAME: &'static ::core::primitive::str = #name;
                fn call(
                    _: Self::Context,
                    _: Self::Payload,
                ) -> impl ::core::future::Future<Output = Self::Outcome> + ::core::marker::Send + 'static {
                    async { ::core::unreachable!() }
                }
            }
        };
    }
}

/// The type that was likely meant: without the borrow.
fn owned(ty: &Type) -> TokenStream {
    match ty {
        Type::Reference(reference) => reference.elem.to_token_stream(),
        ty => ty.to_token_stream(),
    }
}

/// The type of the function's name: `tasks![…]` and `use` find it by that name. A braced struct has no value, so it does
/// not clash with the function.
fn proxy(function: &Function) -> TokenStream {
    let Function { vis, sig, .. } = function;
    // Not at the function's own span: an unused handler would be told of twice.
    let mut ident = sig.ident.clone();
    ident.set_span(Span::call_site().located_at(ident.span()));
    let generics = &sig.generics;
    let bounds = &generics.where_clause;
    let parameters: Vec<_> = generics.type_params().map(|param| &param.ident).collect();
    let fields = (!parameters.is_empty()).then(|| {
        quote! {
            __of: ::core::marker::PhantomData<fn() -> (#(#parameters,)*)>,
        }
    });
    let attrs = function.shared_attrs(&["cfg", "deprecated", "allow"]);
    quote! {
        #(#attrs)*
        #[doc(hidden)]
        #vis struct #ident #generics #bounds { #fields }
    }
}

fn implementation(function: &Function, args: &Args, types: &[TokenStream; 3], functions: &TokenStream) -> TokenStream {
    let krate = Krate::of(&args.krate);
    let Function { sig, .. } = function;
    let (ident, name) = (&sig.ident, sig.ident.unraw().to_string());
    let (params, arguments, bounds) = sig.generics.split_for_impl();
    let [context, payload, outcome] = types;
    let (interruption, action) = (interruption(function, args, &krate), action(function, args, &krate));
    let constants = constants(args);
    let attrs = function.shared_attrs(&["cfg"]);
    let lints = lints([&*function.attrs]);
    quote! {
        #(#attrs)*
        #lints
        const _: () = {
            #[automatically_derived]
            impl #params #krate::__private::TaskHandler<(#context, #payload, #outcome)> for #ident #arguments #bounds {
                type Context = #context;
                type Payload = #payload;
                type Outcome = #outcome;
                type Interruption = #interruption;
                type Action = #action;
                const NAME: &'static ::core::primitive::str = #name;
                #constants
                #functions
            }
        };
    }
}

/// The bound on it judges the payload, so it is placed where the mistake would be: at the key, or at the payload where
/// a key is missing.
fn interruption(function: &Function, args: &Args, krate: &Krate) -> TokenStream {
    let Some(keyed) = args.interruption.get() else { return at_payload(function, krate, "Undeclared") };
    let (span, _) = ends(&keyed.key);
    let krate = krate.at(span);
    match keyed.value {
        Interruption::Rerun => quote_spanned!(span=> #krate::__private::Rerun),
        Interruption::Fail => quote_spanned!(span=> #krate::__private::Fail),
        Interruption::Verify(_) => quote_spanned!(span=> #krate::__private::Verify),
    }
}

/// Placed like the interruption.
fn action(function: &Function, args: &Args, krate: &Krate) -> TokenStream {
    let Some(keyed) = args.action.get() else { return at_payload(function, krate, "Inferred") };
    let (span, _) = ends(&keyed.key);
    let krate = krate.at(span);
    quote_spanned!(span=> #krate::__private::Named)
}

/// A marker that underlines the payload's type.
fn at_payload(function: &Function, krate: &Krate, marker: &str) -> TokenStream {
    let (first, last) = function.arguments().map_or_else(|| ends(&function.sig.ident), |(_, payload)| ends(payload));
    let (krate, marker) = (krate.at(first), Ident::new(marker, last));
    quote_spanned!(first=> #krate::__private::#marker)
}

fn constants(args: &Args) -> TokenStream {
    let action = args.action.value().map(|action| quote! {
        const ACTION: ::core::option::Option<&'static ::core::primitive::str> = ::core::option::Option::Some(#action);
    });
    let timeout = args.timeout.value().map(|millis| quote! {
        const TIMEOUT_MILLIS: ::core::option::Option<::core::primitive::u64> = ::core::option::Option::Some(#millis);
    });
    let attempts = args.retry.value().map(|attempts| {
        quote! {
            const ATTEMPTS: ::core::option::Option<::core::primitive::u32> = ::core::option::Option::Some(#attempts);
        }
    });
    quote!(#action #timeout #attempts)
}

/// Placed at the function's name: a future that is not `Send` is refused there.
fn call(function: &Function, value: &TokenStream, cx: &Ident, task: &Ident) -> TokenStream {
    let span = Span::call_site().located_at(function.sig.ident.span());
    placed(
        quote! {
            fn call(
                #cx: Self::Context,
                #task: Self::Payload,
            ) -> impl ::core::future::Future<Output = Self::Outcome> + ::core::marker::Send + 'static {
                #value
            }
        },
        span,
    )
}

/// Placed at the path of `verify`.
fn probe(path: &syn::ExprPath, krate: &Krate, cx: &Ident, task: &Ident) -> TokenStream {
    let (span, _) = ends(path);
    let lifetime = syn::Lifetime::new("'probe", Span::mixed_site());
    let head = quote! {
        fn probe<#lifetime>(
            #cx: &#lifetime Self::Context,
            #task: &#lifetime Self::Payload,
        ) -> impl ::core::future::Future<
            Output = ::core::result::Result<
                #krate::__private::Probe<<Self::Payload as #krate::__private::TaskPayload>::Outcome>,
                #krate::__private::TaskError,
            >,
        > + ::core::marker::Send + #lifetime
    };
    let body = quote! {
        {
            #krate::__private::verdict_of_probe::<<Self::Payload as #krate::__private::TaskPayload>::Outcome, _, _, _>(
                #path, #cx, #task
            )
        }
    };
    let body = placed(body, span);
    let head = placed(head, span);
    quote!(#head #body)
}
