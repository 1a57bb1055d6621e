//! The macros of iden-bridge. Users import them from the facade, `iden_bridge`.

mod attr;
mod duration;
mod error;
mod errors;
#[cfg(test)]
mod golden;
mod names;
mod paths;
mod resource;
mod status;
mod suggest;
mod task;
mod tasks;
mod variants;

use proc_macro::TokenStream;

#[doc = include_str!("../../src/docs/resource.md")]
#[proc_macro_derive(BridgeResource, attributes(bridge))]
pub fn bridge_resource(input: TokenStream) -> TokenStream {
    resource::derive(input.into()).into()
}

/// Says which variant of an enum is which status of an account.
///
/// ```
/// use iden_bridge::prelude::*;
///
/// #[derive(BridgeStatus)]
/// enum Employment {
///     #[bridge(active)]
///     Employed,
///     #[bridge(suspended)]
///     OnLeave { until: u64 },
///     #[bridge(inactive)]
///     Left,
/// }
///
/// assert_eq!(Employment::OnLeave { until: 7 }.status(), Status::Suspended);
/// ```
///
/// | on | `#[bridge(…)]` | meaning |
/// |---|---|---|
/// | each variant | `active`, `inactive`, `suspended` | its status; exactly one |
/// | the enum | `crate = path` | where `iden_bridge` is, if not at `::iden_bridge` |
///
/// A variant without a status does not compile: a new one must not be taken for active.
///
/// ```compile_fail
/// # use iden_bridge::prelude::*;
/// #[derive(BridgeStatus)]
/// enum Employment {
///     #[bridge(active)]
///     Employed,
///     Left, // error: say which status `Left` is
/// }
/// ```
#[proc_macro_derive(BridgeStatus, attributes(bridge))]
pub fn bridge_status(input: TokenStream) -> TokenStream {
    status::derive(input.into()).into()
}

/// Says what each error of an enum means for a task.
///
/// ```
/// use iden_bridge::{Verdict, prelude::*};
///
/// #[derive(Debug, BridgeError)]
/// enum HrError {
///     #[bridge(code = "account_not_found")]
///     Gone,
///     #[bridge(code = "rate_limited", retry = "30s")]
///     Busy,
///     #[bridge(unknown)]
///     Broken(std::io::Error),
/// }
///
/// impl std::fmt::Display for HrError {
///     fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
///         write!(f, "the HR system said {self:?}")
///     }
/// }
///
/// let error = HrError::Gone.into_task_error();
/// assert_eq!(error.to_string(), "account_not_found: the HR system said Gone");
/// assert_eq!(error.verdict(), Verdict::Final);
/// ```
///
/// The message that Iden gets is the enum's `Display`. Each variant has a code, a verdict, or both:
///
/// | `#[bridge(…)]` | meaning |
/// |---|---|
/// | `code = "…"` | what went wrong, in snake_case; without it `external_system_error` |
/// | `final` | the task cannot be done; so it is with a code alone |
/// | `retry`, `retry = "30s"` | nothing happened, and trying again may help; not before that time |
/// | `unknown` | nobody knows whether the effect happened: the handler's `verify` or `on_interrupt` decides |
/// | `crate = path` (on the enum) | where `iden_bridge` is, if not at `::iden_bridge` |
///
/// A variant that says neither does not compile: nobody should guess whether the effect happened.
///
/// ```compile_fail
/// # use iden_bridge::prelude::*;
/// #[derive(Debug, BridgeError)]
/// enum HrError {
///     Http(u16), // error: say what `Http` means for the task
/// }
/// # impl std::fmt::Display for HrError {
/// #     fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { Ok(()) }
/// # }
/// ```
#[proc_macro_derive(BridgeError, attributes(bridge))]
pub fn bridge_error(input: TokenStream) -> TokenStream {
    error::derive(input.into()).into()
}

#[doc = include_str!("../../src/docs/task.md")]
#[proc_macro_attribute]
pub fn bridge_task(args: TokenStream, item: TokenStream) -> TokenStream {
    task::attribute(args.into(), &item.into()).into()
}

/// What the facade's `tasks!` calls.
#[doc(hidden)]
#[proc_macro]
pub fn tasks(input: TokenStream) -> TokenStream {
    tasks::list(input.into()).into()
}
