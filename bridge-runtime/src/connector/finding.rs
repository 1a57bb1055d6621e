//! What `doctor` finds.

use serde::Serialize;

use super::{ConnectorError, Exit};

/// One thing that was looked at, what was found, and what to do about it.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Finding {
    /// What was looked at: `configuration`, `key`, `dns`, `connection`, `clock`, `journal`, `app`, `types`, `handlers`,
    /// `source` or `email`.
    pub check: &'static str,
    /// Of what: an app, or a type of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub of: Option<String>,
    /// How it stands.
    pub outcome: Outcome,
    /// What was found.
    pub found: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
    /// How a command ends that meets it.
    #[serde(skip)]
    pub exit: Exit,
}

/// How something stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Outcome {
    /// As it should be.
    Ok,
    /// It works, and somebody should know.
    Warning,
    /// It does not work.
    Failed,
    /// It could not be looked at, because of something above.
    Skipped,
}

impl Finding {
    pub(crate) fn ok(check: &'static str, found: impl Into<String>) -> Self {
        let (found, exit) = (found.into(), Exit::Done);
        Finding { check, of: None, outcome: Outcome::Ok, found, remedy: None, exit }
    }

    pub(crate) fn warning(check: &'static str, found: impl Into<String>, remedy: impl Into<String>) -> Self {
        Finding { outcome: Outcome::Warning, remedy: Some(remedy.into()), ..Finding::ok(check, found) }
    }

    pub(crate) fn skipped(check: &'static str, why: impl Into<String>) -> Self {
        Finding { outcome: Outcome::Skipped, ..Finding::ok(check, why) }
    }

    /// Something that ends a command so, without an error of its own.
    pub(crate) fn failing(
        check: &'static str,
        exit: Exit,
        found: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Finding { outcome: Outcome::Failed, exit, ..Finding::warning(check, found, remedy) }
    }

    /// What an error says, with its own remedy, else `remedy`.
    pub(crate) fn failed(check: &'static str, error: &ConnectorError, remedy: &str) -> Self {
        let remedy = error.hint().unwrap_or(remedy).to_owned();
        let exit = Exit::of(error);
        Finding { outcome: Outcome::Failed, remedy: Some(remedy), exit, ..Finding::ok(check, error.to_string()) }
    }

    /// Says what it is about.
    pub(crate) fn of(mut self, what: impl Into<String>) -> Self {
        self.of = Some(what.into());
        self
    }
}
