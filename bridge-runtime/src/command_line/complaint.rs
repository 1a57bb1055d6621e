//! What went wrong, on standard error: words for a person, or an entry of the log where that is for machines.

use super::{ink::Ink, logging, print};
use crate::{
    connector::{ConnectorError, Exit},
    sync::SyncError,
};

/// Says what ends the command, and what to do about it.
pub(super) fn fail(error: &ConnectorError) -> Exit {
    complain(None, error)
}

/// Says what went wrong with one app, and what to do about it.
pub(super) fn say(app: &str, error: &ConnectorError) -> Exit {
    complain(Some(app), error)
}

fn complain(app: Option<&str>, error: &ConnectorError) -> Exit {
    let (exit, hint, kept) = (Exit::of(error), error.hint(), kept(error));
    if logging::is_for_machines() {
        tracing::error!(bridge.app = app, bridge.exit_code = exit as u8, bridge.hint = hint.or(kept), "{error}");
        return exit;
    }
    let app = app.map(|app| format!("{app}: ")).unwrap_or_default();
    let hint = hint.map(|hint| format!(" {} {hint}\n", Ink::Strong.on("hint:"))).unwrap_or_default();
    let kept = kept.map(|kept| format!("       {kept}\n")).unwrap_or_default();
    print::tell(&format!("{app}{} {error}\n{hint}{kept}", Ink::Bad.on("error:")));
    exit
}

/// What became of a session that was opened.
fn kept(error: &ConnectorError) -> Option<&'static str> {
    let ConnectorError::Sync(failure) = error else { return None };
    let abandoned = failure.report.sync_id.is_some() && !matches!(failure.error, SyncError::Unsettled { .. });
    abandoned.then_some("the session was not completed: what was pushed stays, and nobody was removed")
}
