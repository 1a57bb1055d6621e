//! How a task ended, and what Iden is told of it.

use bridge_core::{
    PASSWORD, Secret, TaskError, TaskResult,
    wire::{Object, ReportStatus, TaskReport},
};

use crate::{
    journal::{TaskEnd, TaskState},
    planted::Bug,
};

/// The longest message that is reported, in characters.
const LONGEST_MESSAGE: usize = 500;
/// The longest error code.
const LONGEST_CODE: usize = 64;

/// What Iden is told where the password was lost.
const LOST: &str = "it was done, and the password was lost in a restart of the connector";
/// What Iden is told where it does not take the password.
const NOT_TAKEN: &str = "it was done, and Iden refused the report with the password";

/// How a task ended. A password stands apart: it is in memory only.
#[derive(Debug)]
pub(super) struct Conclusion {
    pub(super) end: TaskEnd,
    password: Option<Secret>,
}

impl Conclusion {
    /// Of a handler's answer.
    pub(super) fn of(outcome: Result<TaskResult, TaskError>) -> Self {
        match outcome {
            Ok(TaskResult { fields, password, .. }) => {
                let report = TaskReport::completed((!fields.is_empty()).then_some(fields));
                Conclusion { end: TaskEnd { report, secret: password.is_some() }, password }
            }
            Err(error) => Conclusion {
                end: TaskEnd { report: TaskReport::failed(code(error.code()), capped(error.message())), secret: false },
                password: None,
            },
        }
    }

    /// As the journal has it. One that is reported had its password told, if there was one.
    pub(super) fn found(end: &TaskEnd, state: TaskState) -> Self {
        let secret = end.secret && state != TaskState::Reported;
        Conclusion { end: TaskEnd { secret, ..end.clone() }, password: None }
    }

    /// There was a password, and it is gone.
    pub(super) fn has_lost_its_password(&self) -> bool {
        self.end.secret && self.password.is_none()
    }

    /// What Iden is told.
    pub(super) fn report(&self) -> TaskReport {
        let mut report = self.end.report.clone();
        match &self.password {
            Some(password) => {
                report.result.get_or_insert_default().insert(PASSWORD.to_owned(), password.expose().into());
            }
            None if Bug::LostPasswordIsCompleted.is_planted() => {}
            None if self.end.secret => report = TaskReport::failed("result_lost", LOST),
            None => {}
        }
        report
    }

    /// How the task ends where Iden does not take the password: it has to be set anew. `None` where there is none.
    pub(super) fn without_password(&self) -> Option<Self> {
        let report = TaskReport::failed("result_lost", NOT_TAKEN);
        self.password.as_ref().map(|_| Conclusion { end: TaskEnd { report, secret: false }, password: None })
    }

    /// The report with little else than the status, which is what counts: for a server that does not like the rest.
    pub(super) fn short_report(&self) -> TaskReport {
        match &self.end.report {
            _ if self.end.secret => self.report(),
            // What Iden cannot learn anywhere else: the id of a new account, the code of a failure.
            TaskReport { status: ReportStatus::Completed, result, .. } => {
                let id = result.as_ref().and_then(|result| result.get_key_value("id"));
                TaskReport::completed(id.map(|(key, id)| Object::from_iter([(key.clone(), id.clone())])))
            }
            TaskReport { error, .. } => {
                let code = error.as_ref().map_or("internal_error", |error| error.code.as_str());
                TaskReport::failed(code, "the full report was refused")
            }
        }
    }
}

/// A code for the wire: what a handler gives may be anything.
fn code(code: &str) -> String {
    let code: String = code.chars().filter(|c| !c.is_control()).take(LONGEST_CODE).collect();
    if code.trim().is_empty() { "internal_error".to_owned() } else { code }
}

/// Caps a message, for the wire and for the log.
pub(super) fn capped(message: &str) -> String {
    if message.chars().count() <= LONGEST_MESSAGE {
        return message.to_owned();
    }
    message.chars().take(LONGEST_MESSAGE - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn with_password() -> Conclusion {
        let mut result = TaskResult::default();
        result.fields.insert("id".into(), "7".into());
        result.password = Some(Secret::new("correct horse"));
        Conclusion::of(Ok(result))
    }

    fn json(report: &TaskReport) -> Value {
        serde_json::to_value(report).unwrap()
    }

    #[test]
    fn a_password_is_told_and_not_written_down() {
        let conclusion = with_password();
        assert_eq!(
            json(&conclusion.report()),
            json!({"status": "completed", "result": {"id": "7", "password": "correct horse"}})
        );
        assert!(!serde_json::to_string(&conclusion.end).unwrap().contains("horse"));
        assert!(!format!("{conclusion:?}").contains("horse"));
    }

    #[test]
    fn a_password_that_was_lost_on_the_way_is_said_to_be_lost() {
        let found = Conclusion::found(&with_password().end, TaskState::Executed);
        assert!(found.has_lost_its_password());
        assert_eq!(json(&found.report())["error"]["code"], "result_lost");
        let refused = with_password().without_password().unwrap();
        assert_eq!(json(&refused.report())["error"]["code"], "result_lost");
        assert!(refused.without_password().is_none());
    }

    #[test]
    fn one_that_was_reported_with_its_password_is_reported_so_again() {
        let reported = Conclusion::found(&with_password().end, TaskState::Reported);
        assert_eq!(json(&reported.report()), json!({"status": "completed", "result": {"id": "7"}}));
    }

    #[test]
    fn whatever_a_handler_says_fits_on_the_wire() {
        let said = |code: &str, message: &str| {
            json(&Conclusion::of(Err(TaskError::fail(code, message))).report())["error"].clone()
        };
        assert_eq!(said("", "why"), json!({"code": "internal_error", "message": "why"}));
        assert_eq!(said(" \n", "why")["code"], "internal_error");
        assert_eq!(said("a\0b", "why")["code"], "ab");
        assert_eq!(said(&"x".repeat(9_000), "why")["code"].as_str().unwrap().len(), 64);
        assert_eq!(said("x", &"é".repeat(9_000))["message"].as_str().unwrap().chars().count(), 500);
    }
}
