//! Telling Iden what became of a task.

use bridge_core::wire::{AppId, ReportStatus, TaskId, TaskReport};

use crate::client::{Client, ClientError};

/// The longest message that is reported, in characters.
const LONGEST_MESSAGE: usize = 500;

/// What a report came to.
#[derive(Debug)]
pub(crate) enum Reported {
    /// Iden shows our status.
    Confirmed,
    /// Iden shows another final status: somebody else reported the task. It is left as it is.
    Conflict,
    /// Iden has the task no more.
    Gone,
    /// Not yet: the same report is sent again.
    Later(ClientError),
}

/// Sends a report until it is settled. A 409 is compared with the task, and never changes anything (protocol.md section 7).
pub(crate) async fn report(client: &Client, app: AppId, task: TaskId, report: &TaskReport) -> Reported {
    let refused = match client.report_task(app, task, report).await {
        Ok(answer) if answer.status.as_str() == report.status.as_str() => return Reported::Confirmed,
        // An odd answer: ask.
        Ok(_) => None,
        Err(error) if error.status() == Some(404) => return Reported::Gone,
        Err(error) if matches!(error.status(), Some(400 | 422)) => {
            return resend_shorter(client, app, task, report, error).await;
        }
        Err(error) if error.is_conflict() || error.outcome_unknown() => Some(error),
        Err(error) => return Reported::Later(error),
    };
    match client.task(app, task).await {
        Ok(there) if there.status.as_str() == report.status.as_str() => Reported::Confirmed,
        Ok(there) if there.status.is_terminal() => Reported::Conflict,
        Ok(_) => refused.map_or(Reported::Conflict, Reported::Later),
        Err(error) if error.status() == Some(404) => Reported::Gone,
        Err(error) => Reported::Later(error),
    }
}

/// The body was not liked: the status is what counts, so it goes alone, with a short error.
async fn resend_shorter(
    client: &Client,
    app: AppId,
    task: TaskId,
    report: &TaskReport,
    first: ClientError,
) -> Reported {
    tracing::warn!(bridge.task_id = %task, error = %first, "the report was refused; sending the status without details");
    let shorter = match report.status {
        ReportStatus::Completed => TaskReport::completed(None),
        ReportStatus::Failed => TaskReport::failed("internal_error", "the full report was refused"),
    };
    match client.report_task(app, task, &shorter).await {
        Ok(answer) if answer.status.as_str() == report.status.as_str() => Reported::Confirmed,
        Ok(_) => Reported::Later(first),
        Err(error) => Reported::Later(error),
    }
}

/// Caps a message for the wire.
pub(crate) fn capped(message: &str) -> String {
    if message.chars().count() <= LONGEST_MESSAGE {
        return message.to_owned();
    }
    message.chars().take(LONGEST_MESSAGE - 1).chain(['…']).collect()
}
