//! Exit codes.

use std::process::ExitCode;

use super::ConnectorError;
use crate::{
    client::{Call, ClientError},
    journal::{ApprovalError, JournalError},
    sync::SyncError,
    tasks::RoundError,
};

/// How a command ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
#[non_exhaustive]
pub enum Exit {
    /// Done; also when tasks were reported failed, and after a drained stop of `run`.
    Done = 0,
    /// Anything without a code of its own; also a stop of `run` that left something for the next start.
    Failure = 1,
    /// The command line is wrong.
    Usage = 2,
    /// Held: a completion waits for approval.
    Held = 3,
    /// Bad source data, or what was named is not there: a plan by its hash, a parked task by its id.
    Data = 65,
    /// Iden or the source failed or could not be reached, after retries.
    Unavailable = 69,
    /// The journal could not be read or written.
    Journal = 74,
    /// Try later: another instance is running, none is that could be asked, or Iden asks to come back.
    TryLater = 75,
    /// Iden refused the key: 401 or 403.
    Refused = 77,
    /// The configuration is wrong, or the key is missing.
    Configuration = 78,
    /// A one-shot command was interrupted, or any command was told to stop twice.
    Interrupted = 130,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit as u8)
    }
}

impl Exit {
    /// Every code, for tables.
    pub const ALL: [Exit; 11] = [
        Exit::Done,
        Exit::Failure,
        Exit::Usage,
        Exit::Held,
        Exit::Data,
        Exit::Unavailable,
        Exit::Journal,
        Exit::TryLater,
        Exit::Refused,
        Exit::Configuration,
        Exit::Interrupted,
    ];

    /// What it means, for people. `--help` and the README show it.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Exit::Done => "done; also when tasks were reported failed, and after a SIGTERM that left nothing half done",
            Exit::Failure => {
                "anything without a code of its own; also after a SIGTERM where something was left: it stands in the state, and the next start goes on with it"
            }
            Exit::Usage => "the command line is wrong",
            Exit::Held => "held: a completion waits for approval",
            Exit::Data => "bad source data, an unknown plan hash, no such task, or none to retry",
            Exit::Unavailable => "Iden or the source failed or could not be reached, after retries",
            Exit::Journal => "the journal could not be read or written",
            Exit::TryLater => {
                "try later: another instance is running, none is running that could be asked, or Iden asks to come back"
            }
            Exit::Refused => "Iden refused the key: 401 or 403",
            Exit::Configuration => "the configuration is wrong, or the key or the app is missing",
            Exit::Interrupted => "interrupted: a one-shot command, or any at a second signal",
        }
    }

    /// The exit code of an error.
    #[must_use]
    pub fn of(error: &ConnectorError) -> Self {
        match error {
            ConnectorError::Configuration(_)
            | ConnectorError::Settings(_)
            | ConnectorError::ClientBuild(_)
            | ConnectorError::SeveralApps { .. }
            | ConnectorError::FirstRun { .. }
            | ConnectorError::OtherApp { .. }
            | ConnectorError::NoApp { .. }
            | ConnectorError::ClockOff { .. }
            | ConnectorError::CloneTypes { .. } => Exit::Configuration,
            ConnectorError::Open(_) | ConnectorError::AppLost { .. } | ConnectorError::Unresolved { .. } => {
                Exit::Unavailable
            }
            ConnectorError::OfApp { error, .. } => Exit::of(error),
            ConnectorError::Client(error) | ConnectorError::AppUnknown { error, .. } => of_client(error),
            ConnectorError::Journal(error) => of_journal(error),
            ConnectorError::Approval(ApprovalError::Unknown { .. } | ApprovalError::Refused { .. }) => Exit::Data,
            ConnectorError::UnknownTask { .. } | ConnectorError::NotParked { .. } => Exit::Data,
            ConnectorError::Approval(ApprovalError::Journal(error)) => of_journal(error),
            ConnectorError::Sync(failure) => of_sync(&failure.error),
            ConnectorError::Round(RoundError::Client(error)) => of_client(error),
            ConnectorError::Round(RoundError::Journal(error)) => of_journal(error),
            ConnectorError::Round(RoundError::Interrupted) => Exit::Interrupted,
            ConnectorError::Round(RoundError::TooMany { .. } | RoundError::Unreadable { .. })
            | ConnectorError::Undrained { .. }
            | ConnectorError::Panicked { .. }
            | ConnectorError::Build(_)
            | ConnectorError::Other(_) => Exit::Failure,
        }
    }
}

fn of_sync(error: &SyncError) -> Exit {
    match error {
        SyncError::Source { .. } | SyncError::SourcePanicked { .. } | SyncError::Ended { .. } => Exit::Unavailable,
        SyncError::Receipt { .. } | SyncError::Count { .. } | SyncError::Unsettled { .. } => Exit::Unavailable,
        SyncError::LookUp { .. } | SyncError::TasksUnderWay { .. } => Exit::Unavailable,
        SyncError::NotThereYet { .. } | SyncError::Unlooked { .. } => Exit::Unavailable,
        SyncError::HeldBack(_) => Exit::Journal,
        SyncError::DuplicateId { .. } | SyncError::TwinIds { .. } => Exit::Data,
        SyncError::Client(error) if error.call() == Call::PushPage && matches!(error.status(), Some(400 | 422)) => {
            Exit::Data
        }
        SyncError::Client(error) => of_client(error),
        SyncError::Types(_) => Exit::Configuration,
        SyncError::Incomplete(_) => Exit::Failure,
        SyncError::Held(_) => Exit::Held,
        SyncError::Journal(error) => of_journal(error),
        SyncError::Interrupted => Exit::Interrupted,
    }
}

fn of_client(error: &ClientError) -> Exit {
    match error.status() {
        Some(401 | 403) => Exit::Refused,
        // The app, or the tenant, is not there: a setting is wrong.
        Some(404) => Exit::Configuration,
        // 429, or a pause that an earlier 429 asked for.
        _ if error.is_rate_limited() => Exit::TryLater,
        _ => Exit::Unavailable,
    }
}

fn of_journal(error: &JournalError) -> Exit {
    match error {
        JournalError::Locked { .. } | JournalError::Older { .. } => Exit::TryLater,
        JournalError::NetworkState { .. } => Exit::Configuration,
        _ => Exit::Journal,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_documented() {
        let row = |exit: &Exit| format!("| {} | {} |\n", *exit as u8, exit.meaning());
        let table: String = Exit::ALL.iter().map(row).collect();
        crate::generated::assert_documented("README.md", "exit codes", &format!("| code | |\n|---|---|\n{table}"));
    }
}
