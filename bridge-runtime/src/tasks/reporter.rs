//! Telling Iden what became of a task.

use bridge_core::wire::{AppId, Task, TaskId, TaskReport};

use super::{conclusion::Conclusion, pending::is_over};
use crate::{
    client::{Client, ClientError},
    planted::Bug,
};

/// What a report came to.
#[derive(Debug)]
pub(super) enum Reported {
    /// Iden shows this end, which is ours.
    Confirmed(TaskReport),
    /// Iden shows another final status, whoever reported it: its responses do not say. It is left as it is.
    Conflict,
    /// Iden has the task no more.
    Gone,
    /// Iden does not take the password.
    PasswordRefused,
    /// Not yet, for this reason: the same report is sent again.
    Later(String),
}

/// Sends a report until it is settled. A 409 is compared with the task, and never changes anything (protocol.md section 7).
pub(super) async fn report(client: &Client, app: AppId, task: TaskId, conclusion: &Conclusion) -> Reported {
    let report = conclusion.report();
    if conclusion.has_lost_its_password() {
        // The report with it may have arrived, and is not to be contradicted, not even where Iden would take that.
        match client.task(app, task).await {
            Ok(there) if is_over(&there.status) => return compare(conclusion, &report, &there),
            Ok(_) => {}
            Err(error) if error.status() == Some(404) => return absent(&error),
            Err(error) => return Reported::Later(error.to_string()),
        }
    }
    let refused = match client.report_task(app, task, &report).await {
        Ok(answer) if answer.status.as_str() == report.status.as_str() => return Reported::Confirmed(report),
        // An odd answer: ask.
        Ok(_) => None,
        Err(error) if error.status() == Some(404) => return absent(&error),
        Err(error) if matches!(error.status(), Some(400 | 422)) && conclusion.without_password().is_some() => {
            tracing::warn!(bridge.task_id = %task, error = told(&error, &report), "the report with the password was refused");
            return Reported::PasswordRefused;
        }
        Err(error) if matches!(error.status(), Some(400 | 422)) => {
            return resend_shorter(client, app, task, conclusion, &report, error).await;
        }
        Err(error) if error.is_conflict() && Bug::ReportFlips.is_planted() => {
            let flipped = TaskReport::failed("internal_error", "it is over");
            let _ = client.report_task(app, task, &flipped).await;
            Some(error)
        }
        Err(error) if error.is_conflict() || error.outcome_unknown() => Some(error),
        Err(error) => return Reported::Later(told(&error, &report)),
    };
    match client.task(app, task).await {
        Ok(there) if is_over(&there.status) => compare(conclusion, &report, &there),
        // Still open there, whatever the answer to the report said: never a reason to forget what was done.
        Ok(there) => Reported::Later(
            refused.map_or_else(|| format!("Iden still shows it as {}", there.status), |error| told(&error, &report)),
        ),
        Err(error) if error.status() == Some(404) => absent(&error),
        Err(error) => Reported::Later(error.to_string()),
    }
}

/// A task that is over at Iden: is its end ours?
fn compare(conclusion: &Conclusion, report: &TaskReport, there: &Task) -> Reported {
    if there.status.as_str() == report.status.as_str() {
        return Reported::Confirmed(report.clone());
    }
    // The one with the password, from a run before this one.
    if conclusion.has_lost_its_password() && there.status.as_str() == conclusion.end.report.status.as_str() {
        return Reported::Confirmed(conclusion.end.report.clone());
    }
    Reported::Conflict
}

fn absent(error: &ClientError) -> Reported {
    if error.says_absent() { Reported::Gone } else { Reported::Later(error.to_string()) }
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
    conclusion: &Conclusion,
    report: &TaskReport,
    first: ClientError,
) -> Reported {
    let why = told(&first, report);
    tracing::warn!(bridge.task_id = %task, error = why, "the report was refused; sending it short");
    let shorter = conclusion.short_report();
    match client.report_task(app, task, &shorter).await {
        Ok(answer) if answer.status.as_str() == shorter.status.as_str() => Reported::Confirmed(shorter),
        Ok(_) => Reported::Later(why),
        Err(error) => Reported::Later(told(&error, report)),
    }
}
