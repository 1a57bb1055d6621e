//! What a handler becomes, beside the function itself. Nothing here can fail.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::{Ident, ext::IdentExt};

use super::{
    attr::{Args, Interruption},
    model::Function,
};
use crate::paths::{Krate, ends, placed};

pub(super) fn expand(function: &Function, args: &Args) -> TokenStream {
    let Some((context, payload)) = function.arguments() else { return proxy(function) };
    let outcome = function.output().map(ToTokens::to_token_stream).unwrap_or_default();
    let ident = &function.sig.ident;
    let (_, arguments, _) = function.sig.generics.split_for_impl();
    let turbofish = arguments.as_turbofish();
    let [cx, task] = ["cx", "task"].map(|name| Ident::new(name, Span::mixed_site()));
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

/// What a handler with mistakes becomes, so that a list that names it can be checked.
pub(super) fn stub(function: &Function, args: &Args) -> TokenStream {
    let types = function.arguments().filter(|_| function.sig.generics.lifetimes().next().is_none());
    let Some((context, payload)) = types else { return proxy(function) };
    let krate = Krate::of(&args.krate);
    let outcome = function.output().map_or_else(
        || {
            quote! {
                ::core::result::Result<
                    <#payload as #krate::__private::TaskPayload>::Outcome,
                    #krate::__private::TaskError,
                >
            }
        },
        ToTokens::to_token_stream,
    );
    let [cx, task] = ["_cx", "_task"].map(|name| Ident::new(name, Span::mixed_site()));
    let call = call(function, &quote!(async { ::core::unreachable!() }), &cx, &task);
    let impl_ = implementation(function, args, &[context.to_token_stream(), payload.to_token_stream(), outcome], &call);
    [proxy(function), impl_].into_iter().collect()
}

/// The type of the function's name: `tasks![…]` and `use` find it by that name. A braced struct has no value, so it does
/// not clash with the function.
fn proxy(function: &Function) -> TokenStream {
    let Function { vis, sig, .. } = function;
    // Not at the function's own span: an unused handler would be told of twice.
    let ident = Ident::new(&sig.ident.to_string(), Span::call_site().located_at(sig.ident.span()));
    let ident = if sig.ident.to_string().starts_with("r#") { format_ident!("r#{}", sig.ident.unraw()) } else { ident };
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
        #[allow(non_camel_case_types)]
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
    let constants = constants(args, &krate);
    let attrs = function.shared_attrs(&["cfg"]);
    let inner = function.shared_attrs(&["allow"]);
    quote! {
        #(#attrs)*
        const _: () = {
            #(#inner)*
            #[allow(deprecated)]
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

/// The bound on it judges the payload, so it is placed where the mistake would be: at the key, or at the function's name
/// where a key is missing.
fn interruption(function: &Function, args: &Args, krate: &Krate) -> TokenStream {
    let Some(keyed) = args.interruption.get() else {
        let span = function.sig.ident.span();
        let krate = krate.at(span);
        return quote_spanned!(span=> #krate::__private::Undeclared);
    };
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
    let (span, name) = match args.action.get() {
        Some(keyed) => (ends(&keyed.key).0, "Named"),
        None => (function.sig.ident.span(), "Inferred"),
    };
    let (krate, name) = (krate.at(span), Ident::new(name, span));
    quote_spanned!(span=> #krate::__private::#name)
}

fn constants(args: &Args, _krate: &Krate) -> TokenStream {
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
    let body = placed(quote!({ #krate::__private::verdict_of_probe(#path(#cx, #task)) }), span);
    let head = placed(head, span);
    quote!(#head #body)
}
