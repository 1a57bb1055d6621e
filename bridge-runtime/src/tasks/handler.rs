//! What `#[bridge_task]` makes of a function.

use std::future::Future;

use bridge_core::{
    IntoOutcome, Probe, TaskError,
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

/// What a `verify` function may return: `Result<Probe<T>, E>`, where `T` is the handler's outcome.
#[diagnostic::on_unimplemented(
    message = "a `verify` function returns `Result<Probe<{T}>, E>`, not `{Self}`",
    label = "not a probe of this task's outcome",
    note = "`E` is `TaskError`, or your own enum with `#[derive(BridgeError)]`"
)]
#[doc(hidden)]
pub trait IntoProbe<T> {
    /// The answer, with the error in Iden's terms.
    ///
    /// # Errors
    /// Those of the `verify` function.
    fn into_probe(self) -> Result<Probe<T>, TaskError>;
}

#[diagnostic::do_not_recommend]
impl<T, R: IntoOutcome<Probe<T>>> IntoProbe<T> for R {
    fn into_probe(self) -> Result<Probe<T>, TaskError> {
        self.into_outcome()
    }
}

/// The answer of a `verify` function, in Iden's terms.
#[doc(hidden)]
pub async fn verdict_of_probe<T, R: IntoProbe<T>>(probe: impl Future<Output = R>) -> Result<Probe<T>, TaskError> {
    probe.await.into_probe()
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
pub const fn assert_distinct<const N: usize>(handlers: &[Listed; N], at: usize) {
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

const fn same(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len() != b.len() {
        return false;
    }
    let mut at = 0;
    while at < a.len() {
        if a[at] != b[at] {
            return false;
        }
        at += 1;
    }
    true
}

/// A text that is put together while the compiler evaluates a constant.
struct Text {
    bytes: [u8; 512],
    length: usize,
}

impl Text {
    const fn new() -> Self {
        Text { bytes: [0; 512], length: 0 }
    }

    const fn add(mut self, more: &str) -> Self {
        let more = more.as_bytes();
        let mut at = 0;
        while at < more.len() && self.length < self.bytes.len() {
            self.bytes[self.length] = more[at];
            self.length += 1;
            at += 1;
        }
        self
    }

    const fn as_str(&self) -> &str {
        match core::str::from_utf8(self.bytes.split_at(self.length).0) {
            Ok(text) => text,
            Err(_) => "two handlers for one task",
        }
    }
}
