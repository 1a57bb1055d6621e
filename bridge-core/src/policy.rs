//! How a handler is run, and what an interruption of it means.

use std::time::Duration;

use crate::{
    Resource,
    payload::{AnyTask, CreateAccount, DeleteAccount, ResetPassword, SuspendAccount, UnsuspendAccount, UpdateAccount},
};

/// How long a handler may take where `#[bridge_task(timeout = "…")]` says nothing.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);

/// How often a task is tried where `#[bridge_task(retry = …)]` says nothing.
pub const DEFAULT_ATTEMPTS: u32 = 5;

/// What happens to a task whose handler was interrupted: by a crash, a panic, a time-out, or an error that leaves open
/// whether the effect happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnInterrupt {
    /// The handler runs again: twice is the same as once.
    Rerun,
    /// The handler never runs again; the task is reported failed with `outcome_unknown`.
    Fail,
    /// The handler's `verify` function says whether the effect is there.
    Verify,
}

/// The policy of one handler.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Policy {
    /// How long one run may take.
    pub timeout: Duration,
    /// How often a task is tried before it is reported failed.
    pub attempts: u32,
    /// What an interruption means.
    pub on_interrupt: OnInterrupt,
}

impl Policy {
    /// The defaults, with what an interruption means.
    #[must_use]
    pub const fn new(on_interrupt: OnInterrupt) -> Self {
        Policy { timeout: DEFAULT_TIMEOUT, attempts: DEFAULT_ATTEMPTS, on_interrupt }
    }

    /// `timeout = "…"`.
    #[must_use]
    pub const fn timeout_millis(mut self, millis: u64) -> Self {
        self.timeout = Duration::from_millis(millis);
        self
    }

    /// `retry = …`.
    #[must_use]
    pub const fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts;
        self
    }
}

/// A handler that says nothing of interruptions.
#[derive(Debug)]
pub enum Undeclared {}
/// `on_interrupt = rerun`.
#[derive(Debug)]
pub enum Rerun {}
/// `on_interrupt = fail`.
#[derive(Debug)]
pub enum Fail {}
/// `verify = path`.
#[derive(Debug)]
pub enum Verify {}

/// A handler of `P` may declare an interruption so.
// A trait and not a check in the macro: the payload may hide behind an alias, or be generic.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no way to treat an interrupted `{P}`",
    label = "makes no sense for this task"
)]
pub trait InterruptionOf<P> {
    /// What it comes to.
    const ON_INTERRUPT: OnInterrupt;
}

/// A payload whose handler may leave open what an interruption means.
#[diagnostic::on_unimplemented(
    message = "say what happens when this handler of `{Self}` is interrupted: nobody knows then whether the account was created",
    label = "an interruption is not declared",
    note = "`#[bridge_task(verify = path)]`: an async fn looks whether the account is there (the best choice)",
    note = "`#[bridge_task(on_interrupt = rerun)]`: creating twice is the same as creating once, by an idempotency key or a unique name",
    note = "`#[bridge_task(on_interrupt = fail)]`: never again; the task is reported failed with `outcome_unknown`"
)]
pub trait DefaultInterruption {
    /// What is assumed then.
    const DEFAULT: OnInterrupt;
}

/// A payload whose effect can be looked up afterwards.
#[diagnostic::on_unimplemented(
    message = "`verify` makes no sense for `{Self}`: what it did cannot be read back",
    label = "cannot be verified",
    note = "use `on_interrupt = fail` (the default here), or `on_interrupt = rerun` where a second run does no harm"
)]
pub trait Verifiable {}

impl<P: DefaultInterruption> InterruptionOf<P> for Undeclared {
    const ON_INTERRUPT: OnInterrupt = P::DEFAULT;
}

impl<P> InterruptionOf<P> for Rerun {
    const ON_INTERRUPT: OnInterrupt = OnInterrupt::Rerun;
}

impl<P> InterruptionOf<P> for Fail {
    const ON_INTERRUPT: OnInterrupt = OnInterrupt::Fail;
}

impl<P: Verifiable> InterruptionOf<P> for Verify {
    const ON_INTERRUPT: OnInterrupt = OnInterrupt::Verify;
}

macro_rules! defaults {
    ($($payload:ident<$r:ident: $bound:ident> $default:ident;)*) => { $(
        impl<$r: $bound> DefaultInterruption for $payload<$r> {
            const DEFAULT: OnInterrupt = OnInterrupt::$default;
        }
    )* };
}

// reliability.md 4.5. `CreateAccount` is not here: its handler has to say. Nothing here asks for an account type:
// `TaskPayload` does, and then it is one error.
defaults! {
    UpdateAccount<R: Resource> Rerun;
    DeleteAccount<R: Resource> Rerun;
    SuspendAccount<R: Resource> Rerun;
    UnsuspendAccount<R: Resource> Rerun;
    ResetPassword<R: Resource> Fail;
    AnyTask<R: Resource> Fail;
}

impl<R: Resource> Verifiable for CreateAccount<R> {}
impl<R: Resource> Verifiable for UpdateAccount<R> {}
impl<R: Resource> Verifiable for DeleteAccount<R> {}
impl<R: Resource> Verifiable for SuspendAccount<R> {}
impl<R: Resource> Verifiable for UnsuspendAccount<R> {}
impl<R: Resource> Verifiable for AnyTask<R> {}

/// A handler whose action is its payload's.
#[derive(Debug)]
pub enum Inferred {}
/// A handler with `action = "…"`.
#[derive(Debug)]
pub enum Named {}

/// Where a handler of `P` gets its action from.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no way to name the action of `{P}`",
    label = "not the action of this task"
)]
pub trait ActionOf<P> {}

/// A payload that is of one action by itself.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is of no action by itself",
    label = "name the action",
    note = "`#[bridge_task(action = \"…\")]` names the action that an `AnyTask` handler is for"
)]
pub trait HasAction {}

/// A payload that needs `action = "…"`.
#[diagnostic::on_unimplemented(
    message = "`action = \"…\"` is for `AnyTask` alone: `{Self}` has an action of its own",
    label = "leave `action` out",
    note = "take `AnyTask<…>` as the payload to handle an action that Iden adds later"
)]
pub trait NeedsAction {}

impl<P: HasAction> ActionOf<P> for Inferred {}
impl<P: NeedsAction> ActionOf<P> for Named {}

impl<R: Resource> HasAction for CreateAccount<R> {}
impl<R: Resource> HasAction for UpdateAccount<R> {}
impl<R: Resource> HasAction for DeleteAccount<R> {}
impl<R: Resource> HasAction for SuspendAccount<R> {}
impl<R: Resource> HasAction for UnsuspendAccount<R> {}
impl<R: Resource> HasAction for ResetPassword<R> {}
impl<R: Resource> NeedsAction for AnyTask<R> {}
