//! The macros of iden-bridge. Users import them from the facade, `iden_bridge`.

mod attr;
mod duration;
mod error;
mod errors;
mod names;
mod paths;
mod resource;
mod status;
mod suggest;
mod task;
mod tasks;

use proc_macro::TokenStream;

/// Resource.
#[proc_macro_derive(BridgeResource, attributes(bridge))]
pub fn bridge_resource(input: TokenStream) -> TokenStream {
    resource::derive(input.into()).into()
}

/// Status.
#[proc_macro_derive(BridgeStatus, attributes(bridge))]
pub fn bridge_status(input: TokenStream) -> TokenStream {
    status::derive(input.into()).into()
}

/// Error.
#[proc_macro_derive(BridgeError, attributes(bridge))]
pub fn bridge_error(input: TokenStream) -> TokenStream {
    error::derive(input.into()).into()
}

/// Task.
#[proc_macro_attribute]
pub fn bridge_task(args: TokenStream, item: TokenStream) -> TokenStream {
    task::attribute(args.into(), item.into()).into()
}

/// What the facade's `tasks!` calls.
#[doc(hidden)]
#[proc_macro]
pub fn tasks(input: TokenStream) -> TokenStream {
    tasks::list(input.into()).into()
}
