//! Tests of a connector without a server: the mapping, a source, a handler.
//!
//! Tests against a real server are as short: start a `bridge_sandbox::Sandbox` and attach the connector to it.

use std::sync::Arc;

use bridge_core::{BridgeResource, Record, Resource, SourceError, TaskError, wire};
use serde_json::Value;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::{
    clock::SystemClock,
    source::{Item, Out, ReadSession, Source},
    tasks::{Attempt, Attempting, Settled, TaskInfo, Tasks, invalid},
};

/// The JSON that `record` leaves as.
///
/// # Panics
/// The record cannot be sent: the message says why.
#[must_use]
#[track_caller]
pub fn record(record: &impl BridgeResource) -> Value {
    let record = Record::of(record).unwrap_or_else(|unreadable| panic!("{unreadable}"));
    json(&record)
}

fn json(record: &Record) -> Value {
    let mut bytes = Vec::new();
    record.append_json(&mut bytes);
    serde_json::from_slice(&bytes).expect("a record is JSON")
}

/// What a source yields: see [`read`].
#[derive(Debug)]
#[non_exhaustive]
pub struct Read {
    /// The records, as they leave.
    pub records: Vec<Value>,
    /// Those that cannot be read: the id, where there is one, and why.
    pub unreadable: Vec<(Option<String>, String)>,
    /// How the read ended.
    pub end: Result<(), SourceError>,
}

/// Reads all `R`s of a source: `testing::read::<Employee>(&hr).await`.
pub async fn read<R: Resource>(source: &impl Source<R>) -> Read {
    let (to, mut items) = mpsc::channel(8);
    let out = Out::<R>::new(to, ReadSession::new(Arc::new(SystemClock::new())));
    let (mut records, mut unreadable) = (Vec::new(), Vec::new());
    let reading = async {
        let end = source.read(&out).await;
        let end = out.lost().check(end);
        // Ends the loop below.
        drop(out);
        end
    };
    let collecting = async {
        while let Some(item) = items.recv().await {
            match item {
                Item::Record(record) => records.push(json(&record)),
                Item::Unreadable(one) => unreadable.push((one.id, one.why)),
            }
        }
    };
    let (end, ()) = tokio::join!(reading, collecting);
    Read { records, unreadable, end }
}

/// Looks up one `R` of a source: `testing::find::<Employee>(&hr, &7).await`. The record as it would leave, `None` if the
/// system says that there is none.
///
/// # Errors
/// Those of the source's `find`; a record that cannot be sent.
pub async fn find<R: Resource>(source: &impl Source<R>, id: &R::Id) -> Result<Option<Value>, SourceError> {
    let Some(found) = source.find(id).await? else { return Ok(None) };
    Ok(Some(json(&Record::of(&found)?)))
}

/// What the engine does with a task: see [`run`].
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TaskOutcome {
    /// It is reported completed, with this result.
    Completed(Option<Value>),
    /// It is reported failed.
    Failed {
        /// The error code.
        code: String,
        /// The message.
        message: String,
    },
    /// It is tried again.
    Retried,
    /// Nobody can tell what happened: it waits for a person.
    Parked,
}

/// What the engine does with one pending task, by route: `testing::run(&tasks![hire], hr, "create_account", "employee",
/// json!({"account": {…}})).await`.
pub async fn run<S: Send + Sync + 'static>(
    tasks: &Tasks<S>,
    system: impl Into<Arc<S>>,
    action: &str,
    slug: &str,
    payload: Value,
) -> TaskOutcome {
    let failed =
        |error: TaskError| TaskOutcome::Failed { code: error.code().to_owned(), message: error.message().to_owned() };
    let Some(entry) = tasks.find(action, slug) else {
        return failed(TaskError::fail("unsupported_action", format_args!("no handler for `{action}` on `{slug}`")));
    };
    let payload: wire::Payload = match serde_json::from_value(payload) {
        Ok(payload) => payload,
        Err(error) => return failed(TaskError::fail("invalid_payload", error)),
    };
    if let Err(error) = (entry.check)(payload.clone()) {
        return failed(invalid(error));
    }
    let (clock, stop, system) = (SystemClock::new(), CancellationToken::new(), system.into());
    let attempting = Attempting { entry, system: &system, clock: &clock, stop: &stop, tracker: Default::default() };
    let info = TaskInfo { id: "test".to_owned(), key: "test:test".to_owned(), attempt: 1 };
    match attempting.run(&info, &payload).await {
        Attempt::Done(result) => TaskOutcome::Completed(result.to_wire().map(Value::Object)),
        Attempt::Failed(error) => failed(error),
        Attempt::Again { .. } => TaskOutcome::Retried,
        Attempt::Interrupted(error) => match attempting.settle(&info, &payload, error).await {
            Settled::Done(result) => TaskOutcome::Completed(result.to_wire().map(Value::Object)),
            Settled::Failed(error) => failed(error),
            Settled::Again => TaskOutcome::Retried,
            Settled::Unknown(_) => TaskOutcome::Parked,
        },
    }
}
