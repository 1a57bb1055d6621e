//! Telling Iden what became of a task.

use bridge_core::wire::{AppId, Object, ReportStatus, TaskId, TaskReport};

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
    /// Not yet, for this reason: the same report is sent again.
    Later(String),
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
        Err(error) => return Reported::Later(told(&error, report)),
    };
    match client.task(app, task).await {
        Ok(there) if there.status.as_str() == report.status.as_str() => Reported::Confirmed,
        Ok(there) if there.status.is_terminal() => Reported::Conflict,
        // Still open there, whatever the answer to the report said: never a reason to forget what was done.
        Ok(there) => Reported::Later(
            refused.map_or_else(|| format!("Iden still shows it as {}", there.status), |error| told(&error, report)),
        ),
        Err(error) if error.status() == Some(404) => Reported::Gone,
        Err(error) => Reported::Later(error.to_string()),
    }
}

/// What is logged of a refused report. A server may repeat what was sent, and a result can hold a password: then its
/// words are left out.
fn told(error: &ClientError, report: &TaskReport) -> String {
    if report.result.is_none() {
        return error.to_string();
    }
    match error.status() {
        Some(status) => format!("the server answered {status}; its words are left out, since the report has a result"),
        None => error.to_string(),
    }
}

/// The body was not liked: the status is what counts, so it goes with little else.
async fn resend_shorter(
    client: &Client,
    app: AppId,
    task: TaskId,
    report: &TaskReport,
    first: ClientError,
) -> Reported {
    let why = told(&first, report);
    tracing::warn!(bridge.task_id = %task, error = why, "the report was refused; sending it short");
    let shorter = match report.status {
        // What Iden cannot learn anywhere else: the id of a new account, the code of a failure.
        ReportStatus::Completed => {
            let id = report.result.as_ref().and_then(|result| result.get_key_value("id"));
            TaskReport::completed(id.map(|(key, id)| Object::from_iter([(key.clone(), id.clone())])))
        }
        ReportStatus::Failed => {
            let code = report.error.as_ref().map_or("internal_error", |error| error.code.as_str());
            TaskReport::failed(code, "the full report was refused")
        }
    };
    match client.report_task(app, task, &shorter).await {
        Ok(answer) if answer.status.as_str() == report.status.as_str() => Reported::Confirmed,
        Ok(_) => Reported::Later(why),
        Err(error) => Reported::Later(told(&error, report)),
    }
}

/// Caps a message for the wire.
pub(crate) fn capped(message: &str) -> String {
    if message.chars().count() <= LONGEST_MESSAGE {
        return message.to_owned();
    }
    message.chars().take(LONGEST_MESSAGE - 1).chain(['…']).collect()
}
