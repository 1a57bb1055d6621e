//! What `--json` prints of a command, or of one app of several, that has failed.

use serde::Serialize;

use crate::connector::{ConnectorError, Exit};

/// Why something did not come about. Its keys are stable; where there is a result all the same, they stand beside its own.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Failure {
    error: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<&'static str>,
    exit_code: u8,
}

impl Failure {
    pub(super) fn new(exit: Exit, error: impl Into<String>) -> Self {
        Failure { error: error.into(), hint: None, exit_code: exit as u8 }
    }

    pub(super) fn of(error: &ConnectorError) -> Self {
        Failure { hint: error.hint(), ..Failure::new(Exit::of(error), error.to_string()) }
    }
}
