//! What keeps a connector from working.

use std::path::PathBuf;

use bridge_core::{
    BoxError, SourceError,
    wire::{AppId, TaskId, text::printable},
};

use super::BuildError;
use crate::{
    client::{ClientBuildError, ClientError},
    journal::{ApprovalError, JournalError, TaskState},
    sync::{SyncError, SyncFailure},
    tasks::RoundError,
};

/// How much is said of what an external system says where it cannot be opened, in characters.
const LONGEST_OPEN: usize = 600;

/// What keeps a connector from working. [`Exit::of`](super::Exit::of) gives the exit code.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectorError {
    /// One or several connectors do not fit together.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Build(Vec<BuildError>),
    /// A setting is missing or wrong.
    #[error("{0}")]
    Configuration(String),
    /// The user's own settings do not fit their struct.
    #[error("the settings of the connector, `[app]` in the configuration file, do not fit: {0}")]
    Settings(String),
    /// The external system could not be opened.
    #[error("the external system could not be opened: {}", printable(&.0.to_string(), LONGEST_OPEN))]
    Open(SourceError),
    /// The way to Iden could not be set up.
    #[error(transparent)]
    ClientBuild(#[from] ClientBuildError),
    /// A call to Iden failed.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// Which app to work on is not clear.
    #[error("several apps are called `{name}`: {}. Say which with --app-id, or make a new one with --create-app", list(.found))]
    SeveralApps {
        /// The connector's name.
        name: String,
        /// Those that have it.
        found: Vec<AppId>,
    },
    /// The state is new and Iden lists no app of this name, which is no proof that there is none.
    #[error("could not choose the app: the state is new, and Iden lists no app called `{name}`")]
    FirstRun {
        /// The connector's name.
        name: String,
    },
    /// Whether there is an app of this name could not be found out.
    #[error(
        "the app is not known, and whether there is one called `{name}` could not be found out: {error}. Name it with --app-id, or make a new one with --create-app"
    )]
    AppUnknown {
        /// The connector's name.
        name: String,
        /// What the look-up said.
        error: ClientError,
    },
    /// An app may have been created, and its id was lost.
    #[error(
        "an app called `{name}` may have been created, but the answer with its id was lost: {error}. Look for it in Iden and name it with --app-id; run again with --create-app only if there is none"
    )]
    AppLost {
        /// The connector's name.
        name: String,
        /// What became of the call.
        error: ClientError,
    },
    /// The state belongs to another app.
    #[error("the state in {} belongs to the app {known}, but {named} was named: use another --state-dir, or leave --app-id out", .state.display())]
    OtherApp {
        /// The state directory.
        state: PathBuf,
        /// The app that it belongs to.
        known: AppId,
        /// The one that was named.
        named: AppId,
    },
    /// There is no app yet.
    #[error("no app is known for `{name}`: it has not run yet with the state in {}", .state.display())]
    NoApp {
        /// The connector's name.
        name: String,
        /// Where its state would be.
        state: PathBuf,
    },
    /// The journal has no such task.
    #[error("there is no task {id} in the journal")]
    UnknownTask {
        /// The id that was given.
        id: TaskId,
    },
    /// Only a parked task can be taken up again by hand.
    #[error("task {id} is not parked, so there is nothing to take up again, and nothing was changed: {}", meaning(*.state))]
    NotParked {
        /// The task.
        id: TaskId,
        /// How far it has come.
        state: TaskState,
    },
    /// The journal cannot be used.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// An approval was not taken.
    #[error(transparent)]
    Approval(#[from] ApprovalError),
    /// A sync did not complete.
    #[error(transparent)]
    Sync(#[from] Box<SyncFailure>),
    /// A round of tasks ended early.
    #[error(transparent)]
    Round(#[from] RoundError),
    /// A running connector was told to stop, and something was not brought to its end. Nothing is lost: it stands in the
    /// journal, and the next start takes it up.
    #[error("stopped, and not everything had ended: {}", undrained(*.cut_off, *.unreported, *.in_time))]
    Undrained {
        /// Tasks that were begun, and whose end is not known.
        cut_off: usize,
        /// Tasks that are over, and whose report did not arrive.
        unreported: usize,
        /// Whether everything had let go in time.
        in_time: bool,
    },
    /// A part of the engine panicked. That is a defect of this library: user code runs apart from it.
    #[error("the {part} panicked inside iden-bridge; the log has the panic message")]
    Panicked {
        /// Which part.
        part: &'static str,
    },
    /// A clone does not have the types of its parent.
    #[error(
        "`{name}` is a clone of `{parent}` and cannot have types of its own: `{slug}` is not among the parent's, or differs"
    )]
    CloneTypes {
        /// The clone.
        name: String,
        /// The parent.
        parent: String,
        /// The type.
        slug: String,
    },
    /// One app of several could not be made ready, and the command has ended for all of them.
    #[error("{app}: {error}")]
    OfApp {
        /// The app's name.
        app: String,
        /// What kept it from it.
        error: Box<ConnectorError>,
    },
    /// The name of Iden's host is not known.
    #[error("the name {host} could not be looked up: {why}")]
    Unresolved {
        /// The host.
        host: String,
        /// What the system says.
        why: String,
    },
    /// This machine's clock and Iden's differ.
    #[error("this machine's clock is {seconds} s off from Iden's")]
    ClockOff {
        /// By how much.
        seconds: u64,
    },
    /// Anything else.
    #[error("{0}")]
    Other(#[source] BoxError),
}

impl From<SyncFailure> for ConnectorError {
    fn from(failure: SyncFailure) -> Self {
        ConnectorError::Sync(Box::new(failure))
    }
}

impl ConnectorError {
    /// What a person can do about it, where the message does not say so already.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        let client = match self {
            ConnectorError::FirstRun { .. } => {
                return Some(
                    "add `--first-run` once if this connector never ran against this tenant; if the state was lost, name the app with `--app-id`: a new one would be a second app",
                );
            }
            ConnectorError::NoApp { .. } => {
                return Some("`sync` or `run` finds or makes the app; --state-dir names another state");
            }
            ConnectorError::UnknownTask { .. } => {
                return Some(
                    "`tasks list` shows what is pending; a task is in the journal from the first round that found it",
                );
            }
            ConnectorError::OfApp { error, .. } => return error.hint(),
            ConnectorError::Panicked { .. } => {
                return Some("please report the panic message as a bug of iden-bridge; nothing was completed by this");
            }
            ConnectorError::Undrained { .. } => return Some("`status` and `tasks list` show what is left"),
            ConnectorError::Client(error) => error,
            ConnectorError::AppUnknown { error, .. } => error,
            ConnectorError::ClientBuild(error) => return error.hint(),
            ConnectorError::Journal(error)
            | ConnectorError::Approval(ApprovalError::Journal(error))
            | ConnectorError::Round(RoundError::Journal(error)) => return error.hint(),
            ConnectorError::Round(RoundError::Client(error)) => error,
            ConnectorError::Sync(failure) => match &failure.error {
                SyncError::Client(error) => error,
                _ => return None,
            },
            _ => return None,
        };
        client.hint()
    }
}

fn undrained(cut_off: usize, unreported: usize, in_time: bool) -> String {
    let tasks = [(cut_off, "begun and not known to have ended"), (unreported, "done and not reported")];
    let tasks = tasks.iter().filter(|(count, _)| *count > 0);
    let mut left: Vec<String> = tasks.map(|(count, what)| format!("{count} task(s) {what}")).collect();
    if !in_time {
        left.push("the last step of a sync, or blocking work, took too long".to_owned());
    }
    format!("{}; the next start goes on with it", left.join(", "))
}

/// Why a task in this state needs no hand.
fn meaning(state: TaskState) -> &'static str {
    match state {
        TaskState::Seen => "it was not begun, or nothing came of that, and its turn comes by itself",
        TaskState::Started => {
            "its handler was called and has not answered; if the connector has died, its next start finds out what happened"
        }
        TaskState::Interrupted => "it was cut off, and the next round finds out what happened",
        TaskState::Executed => "it is over, and is reported until Iden takes it",
        TaskState::Reported => "it is over, and Iden knows",
        TaskState::Conflict => "it is over, and Iden shows another end, which is left so",
        TaskState::Gone => "Iden has it no more",
        TaskState::Parked => "it is parked",
    }
}

fn list(apps: &[AppId]) -> String {
    apps.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
