//! What a connector says about a task that it has executed (protocol.md section 6).

use serde::{Deserialize, Serialize};

use super::Object;

/// The report to a task (protocol.md section 6).
///
/// ```
/// use bridge_core::wire::TaskReport;
///
/// let report = TaskReport::failed("account_not_found", "no employee e-1");
/// assert_eq!(
///     serde_json::to_string(&report)?,
///     r#"{"status":"failed","error":{"code":"account_not_found","message":"no employee e-1"}}"#
/// );
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TaskReport {
    /// How it ended.
    pub status: ReportStatus,
    /// What came of it. After `create_account` it carries the new account's `id`; that is an assumption.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<Object>,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<ReportError>,
}

impl TaskReport {
    /// The task was carried out.
    pub fn completed(result: Option<Object>) -> Self {
        Self { status: ReportStatus::Completed, result, error: None }
    }

    /// The task was not carried out. The length of `message` is the caller's to limit.
    pub fn failed(code: impl Into<String>, message: impl Into<String>) -> Self {
        let error = ReportError { code: code.into(), message: message.into() };
        Self { status: ReportStatus::Failed, result: None, error: Some(error) }
    }
}

impl std::fmt::Debug for TaskReport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // A result can hold a first password, so only its field names are shown.
        let names = self.result.as_ref().map(|fields| fields.keys().collect::<Vec<_>>());
        let (status, error) = (&self.status, &self.error);
        f.debug_struct("TaskReport").field("status", status).field("result", &names).field("error", error).finish()
    }
}

/// How a task ended (protocol.md section 6). Closed: a connector reports nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ReportStatus {
    /// It was carried out.
    Completed,
    /// It was not.
    Failed,
}

impl ReportStatus {
    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Failed => "failed",
        }
    }
}

impl std::fmt::Display for ReportStatus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

/// Why a task failed. That both parts exist is documented; their names are an assumption (protocol.md section 6).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ReportError {
    /// For programs: `account_not_found`, `invalid_payload`, ... or the handler's own.
    pub code: String,
    /// For people.
    pub message: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn success_is_written_without_an_error_and_shown_without_values() {
        let mut result = Object::new();
        result.insert("id".into(), "e-77".into());
        let report = TaskReport::completed(Some(result));
        assert_eq!(serde_json::to_string(&report).unwrap(), r#"{"status":"completed","result":{"id":"e-77"}}"#);
        assert!(!format!("{report:?}").contains("e-77"));
    }
}
