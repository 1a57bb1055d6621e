//! Handlers by route.

use std::{
    any::TypeId,
    collections::BTreeSet,
    fmt,
    future::Future,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    time::Duration,
};

use bridge_core::{
    BridgeResource, IntoOutcome, Outcome, Probe, TaskError, TaskResult,
    payload::{PayloadError, TaskPayload},
    policy::{OnInterrupt, Policy},
    wire::{self, text::printable},
};

use super::{
    HandlerInfo, HandlerSchema, TaskContext,
    attempt::CUT_OFF,
    handler::{FromContext, Listed, TaskHandler, policy_of},
};
use crate::source::Source;

/// Which tasks a handler gets: an action on one resource type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub struct Route {
    /// The action: `create_account` and so on.
    pub action: &'static str,
    /// The slug of the account type.
    pub slug: &'static str,
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` on `{}`", self.action, self.slug)
    }
}

type Boxed<T> = Pin<Box<dyn Future<Output = T> + Send>>;
type Run<S> = fn(TaskContext<S>, wire::Payload) -> Boxed<Result<TaskResult, TaskError>>;
type Verify<S> = fn(TaskContext<S>, wire::Payload) -> Boxed<Result<Probe<TaskResult>, TaskError>>;

/// One handler with its route and policy.
pub struct Entry<S> {
    pub(crate) route: Route,
    pub(crate) name: &'static str,
    pub(crate) policy: Policy,
    /// The Rust type of the accounts that its tasks are about.
    pub(crate) resource: TypeId,
    /// Whether the action is an [`AnyTask`](bridge_core::payload::AnyTask)'s: it loses to a typed payload.
    pub(crate) any: bool,
    pub(crate) check: fn(wire::Payload) -> Result<(), PayloadError>,
    pub(crate) run: Run<S>,
    pub(crate) verify: Verify<S>,
}

// By hand: a derive would ask for `S: Copy`.
impl<S> Clone for Entry<S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S> Copy for Entry<S> {}

impl<S> Entry<S> {
    #[doc(hidden)]
    #[must_use]
    pub const fn listed(&self) -> Listed {
        Listed { route: self.route, name: self.name, any: self.any }
    }

    /// Which tasks the handler gets.
    #[must_use]
    pub const fn route(&self) -> Route {
        self.route
    }

    /// The function's name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Whether the handler can read this payload. Ids are read by the user's own code, which may panic.
    pub(crate) fn checked(&self, payload: &wire::Payload) -> Result<(), TaskError> {
        match catch_unwind(AssertUnwindSafe(|| (self.check)(payload.clone()))) {
            Ok(checked) => checked.map_err(invalid),
            Err(_) => Err(TaskError::fail("internal_error", "reading the payload panicked")),
        }
    }

    /// How the handler is run.
    #[must_use]
    pub const fn policy(&self) -> Policy {
        self.policy
    }

    /// The handler, for people.
    #[must_use]
    pub fn info(&self) -> HandlerInfo {
        HandlerInfo { name: self.name, kind: self.policy.on_interrupt.into() }
    }

    /// The same with the tasks that it takes, and its policy.
    pub(crate) fn schema(&self) -> HandlerSchema {
        let Policy { timeout, attempts, on_interrupt, .. } = self.policy;
        HandlerSchema {
            action: self.route.action,
            resource_type: self.route.slug,
            handler: self.name,
            kind: on_interrupt.into(),
            timeout_ms: u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX),
            max_attempts: attempts,
        }
    }
}

impl<S> fmt::Debug for Entry<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Entry");
        debug.field("route", &self.route).field("name", &self.name).field("policy", &self.policy).finish()
    }
}

/// The entry of one handler. The bound on the system stands here, so that its error is shown under the handler's name
/// in `tasks![…]`.
#[doc(hidden)]
#[must_use]
pub const fn entry<T: 'static, H: TaskHandler<T>>() -> Entry<<H::Context as FromContext>::System>
where
    <H::Context as FromContext>::System: Source<<H::Payload as TaskPayload>::Resource>,
{
    let own = <H::Payload as TaskPayload>::ACTION;
    let action = match (own, H::ACTION) {
        (Some(action), _) | (None, Some(action)) => action,
        // Refused by the bound on `TaskHandler::Action`.
        (None, None) => "",
    };
    Entry {
        route: Route { action, slug: <H::Payload as TaskPayload>::Resource::SLUG },
        name: H::NAME,
        policy: policy_of::<T, H>(),
        resource: TypeId::of::<<H::Payload as TaskPayload>::Resource>(),
        any: own.is_none(),
        check: |payload| H::Payload::decode(payload).map(drop),
        run: |cx, payload| Box::pin(run::<T, H>(cx, payload)),
        verify: |cx, payload| Box::pin(verify::<T, H>(cx, payload)),
    }
}

async fn run<T: 'static, H: TaskHandler<T>>(
    cx: TaskContext<<H::Context as FromContext>::System>,
    payload: wire::Payload,
) -> Result<TaskResult, TaskError> {
    let payload = H::Payload::decode(payload).map_err(invalid)?;
    let outcome = H::call(H::Context::from_context(cx), payload).await.into_outcome()?;
    Ok(outcome.into_result())
}

async fn verify<T: 'static, H: TaskHandler<T>>(
    cx: TaskContext<<H::Context as FromContext>::System>,
    payload: wire::Payload,
) -> Result<Probe<TaskResult>, TaskError> {
    let payload = H::Payload::decode(payload).map_err(invalid)?;
    let cx = H::Context::from_context(cx);
    Ok(match H::probe(&cx, &payload).await? {
        Probe::Applied(outcome) => Probe::Applied(outcome.into_result()),
        Probe::NotApplied => Probe::NotApplied,
        Probe::Unknown => Probe::Unknown,
    })
}

fn invalid(error: PayloadError) -> TaskError {
    TaskError::fail("invalid_payload", error)
}

/// The handlers of a connector: what `tasks![…]` makes.
#[derive(Debug)]
pub struct Tasks<S> {
    entries: Vec<Entry<S>>,
}

// By hand, as that of an entry.
impl<S> Clone for Tasks<S> {
    fn clone(&self) -> Self {
        Tasks { entries: self.entries.clone() }
    }
}

impl<S> Default for Tasks<S> {
    fn default() -> Self {
        Tasks::of([])
    }
}

impl<S> Tasks<S> {
    #[doc(hidden)]
    #[must_use]
    // An array of a known element, so that a handler of another system is the one that is underlined.
    pub fn of<const N: usize>(entries: [Entry<S>; N]) -> Self {
        Tasks { entries: entries.into() }
    }

    /// Joins the lists of two modules. A route that both have is an error when the connector is built.
    #[must_use]
    pub fn and(mut self, more: Tasks<S>) -> Self {
        self.entries.extend(more.entries);
        self
    }

    /// The handlers, in the order in which they were named.
    #[must_use]
    pub fn entries(&self) -> &[Entry<S>] {
        &self.entries
    }

    /// How long a task may take at most: its handler, cutting that off, and looking whether its effect is there.
    pub(crate) fn longest(&self) -> Duration {
        let of = |policy: Policy| match policy.on_interrupt {
            OnInterrupt::Verify => policy.timeout.saturating_mul(2).saturating_add(CUT_OFF),
            OnInterrupt::Rerun | OnInterrupt::Fail => policy.timeout.saturating_add(CUT_OFF),
        };
        self.entries.iter().map(|entry| of(entry.policy)).max().unwrap_or_default()
    }

    /// The handler of a task. A typed payload goes before an `AnyTask` of the same route.
    pub(crate) fn find(&self, action: &str, slug: &str) -> Option<&Entry<S>> {
        let routed = || self.entries.iter().filter(|entry| entry.route.action == action && entry.route.slug == slug);
        routed().find(|entry| !entry.any).or_else(|| routed().next())
    }

    /// The handler of a task, or what the task is reported failed with because there is none that takes it.
    pub(crate) fn route(&self, task: &wire::Task) -> Result<&Entry<S>, TaskError> {
        let (action, slug) = (&task.action, &task.resource_type);
        let entry = self.find(action, slug).ok_or_else(|| self.unsupported(action, slug))?;
        entry.checked(&task.payload)?;
        Ok(entry)
    }

    /// Names the handlers that exist: Iden's off-boarding may ask for a suspension where only a deletion is possible.
    fn unsupported(&self, action: &str, slug: &str) -> TaskError {
        let (action, slug) = (printable(action, 64), printable(slug, 64));
        let of_type = self.entries.iter().filter(|entry| entry.route.slug == slug);
        let actions: BTreeSet<String> = of_type.map(|entry| format!("`{}`", entry.route.action)).collect();
        let handlers = match actions.len() {
            0 => "none for this type".to_owned(),
            _ => actions.into_iter().collect::<Vec<_>>().join(", "),
        };
        let what = format_args!("this connector has no handler for `{action}` on `{slug}`; its handlers: {handlers}");
        TaskError::fail("unsupported_action", what)
    }
}
