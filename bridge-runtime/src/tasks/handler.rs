//! What `#[bridge_task]` makes of a function.

use std::future::Future;

use bridge_core::{
    IntoOutcome, Probe, TaskError,
    const_text::{Text, same},
    payload::TaskPayload,
    policy::{ActionOf, InterruptionOf, Policy},
};

use super::{Route, TaskContext};

/// The first argument of a handler.
#[diagnostic::on_unimplemented(
    message = "the first argument of a task handler is `TaskContext<S>`, not `{Self}`",
    label = "expected `TaskContext<S>`, where `S` is your system"
)]
pub trait FromContext: Send + Sync + 'static {
    /// The connector's system.
    type System: Send + Sync + 'static;

    /// The context as the handler takes it.
    fn from_context(cx: TaskContext<Self::System>) -> Self;
}

impl<S: Send + Sync + 'static> FromContext for TaskContext<S> {
    type System = S;

    fn from_context(cx: TaskContext<S>) -> Self {
        cx
    }
}

/// A function with `#[bridge_task]` on it.
///
/// `Signature` repeats the function's types: a private one among them then lowers the visibility of the generated impl,
/// instead of breaking it (E0446).
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a task handler",
    label = "not a task handler",
    note = "put `#[bridge_task]` on the function"
)]
pub trait TaskHandler<Signature>: Send + Sync + 'static {
    /// The type of the first argument.
    type Context: FromContext;
    /// The type of the second.
    type Payload: TaskPayload;
    /// The return type.
    type Outcome: IntoOutcome<<Self::Payload as TaskPayload>::Outcome>;
    /// What the attribute says of interruptions.
    type Interruption: InterruptionOf<Self::Payload>;
    /// Whether the attribute names the action.
    type Action: ActionOf<Self::Payload>;
    /// The function's name.
    const NAME: &'static str;
    /// `action = "…"`.
    const ACTION: Option<&'static str> = None;
    /// `timeout = "…"`, in milliseconds.
    const TIMEOUT_MILLIS: Option<u64> = None;
    /// `retry = …`.
    const ATTEMPTS: Option<u32> = None;

    /// Calls the function.
    fn call(cx: Self::Context, task: Self::Payload) -> impl Future<Output = Self::Outcome> + Send + 'static;

    /// Calls the function of `verify = path`.
    fn probe<'a>(
        cx: &'a Self::Context,
        task: &'a Self::Payload,
    ) -> impl Future<Output = Result<Probe<<Self::Payload as TaskPayload>::Outcome>, TaskError>> + Send + 'a {
        let _ = (cx, task);
        async { Ok(Probe::Unknown) }
    }
}

/// What `verify = path` names: `async fn(&Context, &Payload) -> Result<Probe<T>, E>`, where `T` is the handler's outcome.
// One trait for the arguments, the future and what it returns: whatever is wrong, it is one error that shows the whole form.
#[diagnostic::on_unimplemented(
    message = "`verify` names a function of this form: `async fn name(cx: &{C}, task: &{P}) -> Result<Probe<{T}>, E>`",
    label = "not of this form",
    note = "it borrows what the handler gets, it is async, and it returns a probe of the handler's outcome",
    note = "`E` is `TaskError`, or your own enum with `#[derive(BridgeError)]`"
)]
#[doc(hidden)]
pub trait VerifyFunction<'a, C, P, T> {
    /// Calls it. The answer is in Iden's terms.
    fn verify(self, cx: &'a C, task: &'a P) -> impl Future<Output = Result<Probe<T>, TaskError>>;
}

#[diagnostic::do_not_recommend]
impl<'a, C: 'a, P: 'a, T, F, R> VerifyFunction<'a, C, P, T> for F
where
    F: FnOnce(&'a C, &'a P) -> R,
    R: Future<Output: IntoOutcome<Probe<T>>>,
{
    async fn verify(self, cx: &'a C, task: &'a P) -> Result<Probe<T>, TaskError> {
        self(cx, task).await.into_outcome()
    }
}

/// The answer of a `verify` function.
#[doc(hidden)]
pub fn verdict_of_probe<'a, T, C, P, F: VerifyFunction<'a, C, P, T>>(
    verify: F,
    cx: &'a C,
    task: &'a P,
) -> impl Future<Output = Result<Probe<T>, TaskError>> {
    verify.verify(cx, task)
}

pub(super) const fn policy_of<T, H: TaskHandler<T>>() -> Policy {
    let mut policy = Policy::new(<H::Interruption as InterruptionOf<H::Payload>>::ON_INTERRUPT);
    if let Some(millis) = H::TIMEOUT_MILLIS {
        policy = policy.timeout_millis(millis);
    }
    if let Some(attempts) = H::ATTEMPTS {
        policy = policy.attempts(attempts);
    }
    policy
}

/// A handler as the check of `tasks![…]` sees it, free of the system's type.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct Listed {
    pub(super) route: Route,
    pub(super) name: &'static str,
    pub(super) any: bool,
}

/// Fails to compile where an earlier handler of the list has the route of the one `at`.
#[doc(hidden)]
#[track_caller]
pub const fn assert_distinct(handlers: &[Listed], at: usize) {
    let this = &handlers[at];
    let mut earlier = 0;
    while earlier < at {
        let other = &handlers[earlier];
        // An `AnyTask` beside a typed payload is no clash: the typed one goes first.
        if same(other.route.action, this.route.action)
            && same(other.route.slug, this.route.slug)
            && other.any == this.any
        {
            let text = Text::new().add("`").add(this.route.action).add("` on `").add(this.route.slug);
            let text = text.add("` has two handlers: `").add(other.name).add("` and `").add(this.name);
            panic!("{}", text.add("`").as_str());
        }
        earlier += 1;
    }
}
