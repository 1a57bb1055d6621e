//! A task for a test, and the engine that carries it out.

use std::sync::Arc;

use bridge_core::{BridgeResource, payload::TaskPayload, policy::HasAction};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::{
    TaskOutcome, TaskRun,
    clock::WaitClock,
    iden::{APP, Iden, TASK},
};
use crate::{
    client::{ApiKey, BaseUrl, Client},
    clock::Clock,
    gate::Gate,
    journal::{Journal, JournalError, SeenTask, SqliteJournal, TaskState},
    tasks::{TaskEngine, Tasks},
    telemetry::Telemetry,
};

/// A pending task, by its route and the payload that Iden would send: `{"account": {…}, "memberships": {…}, "changes": {…}}`.
///
/// `testing::task("suspend_account", "employee", json!({"account": {"id": "7"}})).run(&tasks![suspend], hr).await`
pub fn task(action: impl Into<String>, slug: impl Into<String>, payload: Value) -> TestTask {
    TestTask { action: action.into(), slug: slug.into(), payload, attempts: 0, interrupted: false }
}

/// The outcome of a pending task, which is often all that a test asks for: [`task`] and [`TestTask::run`] in one call.
///
/// # Panics
/// As [`TestTask::run`].
pub async fn run<S: Send + Sync + 'static>(
    tasks: &Tasks<S>,
    system: impl Into<Arc<S>>,
    action: &str,
    slug: &str,
    payload: Value,
) -> TaskOutcome {
    task(action, slug, payload).run(tasks, system).await.outcome
}

/// A pending task for a test: see [`task`].
///
/// It is always the same task, however often it is run: its handler gets one and the same idempotency key.
#[derive(Clone, Debug)]
#[must_use = "a task is carried out by `run`"]
pub struct TestTask {
    action: String,
    slug: String,
    payload: Value,
    attempts: u32,
    interrupted: bool,
}

impl TestTask {
    /// The same with the payload's type as the route: `TestTask::of::<SuspendAccount<Employee>>(json!({…}))`. An `AnyTask`
    /// has no action of its own: use [`task`] for it.
    pub fn of<P: TaskPayload + HasAction>(payload: Value) -> Self {
        task(P::ACTION.unwrap_or_default(), P::Resource::SLUG, payload)
    }

    /// So many attempts were made before, and nothing came of them.
    pub fn after_attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts;
        self
    }

    /// The connector died while the task was carried out: nobody knows whether it was done. That was the first attempt, or
    /// the last one of [`after_attempts`](Self::after_attempts).
    pub fn interrupted(mut self) -> Self {
        self.interrupted = true;
        self
    }

    /// The idempotency key that the handler gets: `cx.task.key`.
    #[must_use]
    pub fn key(&self) -> String {
        format!("{APP}:{TASK}")
    }

    /// One round of the engine, with a journal in memory and a server that knows this task alone.
    ///
    /// A time-out takes its time; with `#[tokio::test(start_paused = true)]` it is over at once.
    ///
    /// # Panics
    /// Never because of the handlers: a panic in one of them is what the engine makes of it.
    pub async fn run<S: Send + Sync + 'static>(&self, tasks: &Tasks<S>, system: impl Into<Arc<S>>) -> TaskRun {
        let iden = Arc::new(Iden::with(&self.action, &self.slug, &self.payload));
        let clock = Arc::new(WaitClock::default());
        let journal = SqliteJournal::in_task().expect("SQLite works in memory");
        let before = self.arrange(&journal, &*clock).await.expect("a journal in memory does not fail");
        let client = client(&iden, &clock);
        let engine = TaskEngine {
            gate: Gate::new(tasks.longest(), client.patience()),
            client,
            app: APP,
            tasks: tasks.clone(),
            journal: Arc::new(journal),
            clock: clock.clone(),
            meter: Telemetry::default().meter("test", &[], Vec::new(), &(clock.clone() as Arc<dyn Clock>)),
            at_once: crate::tasks::AT_ONCE,
            window: crate::tasks::WINDOW,
            desk: Default::default(),
        };
        let round = engine.round(&system.into(), &CancellationToken::new()).await;
        let round = round.unwrap_or_else(|error| panic!("the engine could not carry out the task: {error}"));
        let known = engine.journal.tasks(vec![TASK]).await.expect("a journal in memory does not fail").pop();
        let (state, attempts) = known.map_or((TaskState::Seen, 0), |known| (known.state, known.attempts));
        let due = engine.next_due().await.unwrap_or_default();
        let report = iden.report();
        TaskRun {
            outcome: match &report {
                Some(report) => TaskOutcome::reported(report),
                None if round.waiting > 0 => TaskOutcome::Retried { after: due.saturating_sub(clock.now()) },
                None => TaskOutcome::Parked,
            },
            handler: tasks.find(&self.action, &self.slug).map(|entry| entry.name),
            attempt: if attempts > before { attempts } else { 0 },
            report,
            state,
        }
    }

    /// Writes down what happened before. Answers with the number of attempts.
    async fn arrange(&self, journal: &impl Journal, clock: &dyn Clock) -> Result<u32, JournalError> {
        let attempts = self.attempts.max(u32::from(self.interrupted));
        let (action, slug) = (self.action.clone(), self.slug.clone());
        let seen = SeenTask {
            id: TASK,
            action,
            slug,
            account: None,
            logins: [None; 2],
            changed: [None; 2],
            due: None,
            created: None,
        };
        for _ in 0..attempts {
            journal.start_task(&seen, clock.wall()).await?;
        }
        if attempts > 0 && !self.interrupted {
            journal.move_task(TASK, TaskState::Seen, "", clock.wall()).await?;
        }
        Ok(attempts)
    }
}

fn client(iden: &Arc<Iden>, clock: &Arc<WaitClock>) -> Client {
    let base = BaseUrl::for_tenant("test").expect("a tenant");
    let client =
        Client::builder(base, ApiKey::new("test").expect("a key")).transport(iden.clone()).clock(clock.clone());
    client.build().expect("a client without HTTP needs nothing")
}
