//! Which part of a list to read.

use std::fmt;

use bridge_core::wire::{AppId, TaskStatus};
use url::Url;

/// The size of a page where none is asked for (protocol.md section 6).
const PAGE: u64 = 50;

/// Which tasks to list: all, from the first, 50 at a time, unless told otherwise.
///
/// ```
/// use bridge_runtime::client::TaskQuery;
/// use bridge_core::wire::TaskStatus;
///
/// let second_page_of_failures = TaskQuery::default().status(TaskStatus::Failed).offset(50);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
#[must_use]
pub struct TaskQuery {
    /// Only tasks of this status.
    pub status: Option<TaskStatus>,
    /// At most so many.
    pub limit: u64,
    /// How many to skip.
    pub offset: u64,
}

impl Default for TaskQuery {
    fn default() -> Self {
        Self { status: None, limit: PAGE, offset: 0 }
    }
}

impl TaskQuery {
    /// Lists only tasks of this status.
    pub fn status(mut self, status: TaskStatus) -> Self {
        self.status = Some(status);
        self
    }

    /// Lists at most so many.
    pub fn limit(mut self, limit: u64) -> Self {
        self.limit = limit;
        self
    }

    /// Skips so many.
    pub fn offset(mut self, offset: u64) -> Self {
        self.offset = offset;
        self
    }

    pub(super) fn write(&self, url: &mut Url) {
        filter(url, "status", self.status.as_ref().map(TaskStatus::as_str));
        page(url, self.limit, self.offset);
    }
}

/// Which of an app's accounts to list from Lighthouse: all, from the first, 50 at a time, unless told otherwise.
///
/// ```
/// use bridge_runtime::client::AccountQuery;
///
/// let one_active_account = AccountQuery::default().status("ACTIVE").limit(1);
/// ```
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
#[must_use]
pub struct AccountQuery {
    /// Only accounts of this status: `NEW`, `INVITED`, `ACTIVE`, `SUSPENDED` or `INACTIVE` (protocol.md section 8).
    pub status: Option<String>,
    /// Only accounts of this address.
    pub email: Option<String>,
    /// At most so many.
    pub limit: u64,
    /// How many to skip.
    pub offset: u64,
}

impl Default for AccountQuery {
    fn default() -> Self {
        Self { status: None, email: None, limit: PAGE, offset: 0 }
    }
}

impl AccountQuery {
    /// Lists only accounts of this status: `NEW`, `INVITED`, `ACTIVE`, `SUSPENDED` or `INACTIVE`.
    pub fn status(mut self, status: impl Into<String>) -> Self {
        self.status = Some(status.into());
        self
    }

    /// Lists only accounts of this address.
    pub fn email(mut self, email: impl Into<String>) -> Self {
        self.email = Some(email.into());
        self
    }

    /// Lists at most so many.
    pub fn limit(mut self, limit: u64) -> Self {
        self.limit = limit;
        self
    }

    /// Skips so many.
    pub fn offset(mut self, offset: u64) -> Self {
        self.offset = offset;
        self
    }

    pub(super) fn write(&self, app: AppId, url: &mut Url) {
        filter(url, "app", Some(&app.to_string()));
        filter(url, "status", self.status.as_deref());
        filter(url, "email", self.email.as_deref());
        page(url, self.limit, self.offset);
    }
}

impl fmt::Debug for AccountQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { status, email, limit, offset } = self;
        // An address belongs to a person, and does not belong in a log.
        let email = email.as_ref().map(|_| format_args!("…"));
        f.debug_struct("AccountQuery")
            .field("status", status)
            .field("email", &email)
            .field("limit", limit)
            .field("offset", offset)
            .finish()
    }
}

/// Appends one filter, if there is one.
fn filter(url: &mut Url, name: &str, value: Option<&str>) {
    if let Some(value) = value {
        url.query_pairs_mut().append_pair(name, value);
    }
}

/// Appends which part of a list is wanted.
pub(super) fn page(url: &mut Url, limit: u64, offset: u64) {
    url.query_pairs_mut().append_pair("limit", &limit.to_string()).append_pair("offset", &offset.to_string());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_in_a_log_does_not_name_the_person() {
        let shown = format!("{:?}", AccountQuery::default().status("ACTIVE").email("ada@example.com"));
        assert!(shown.contains("ACTIVE") && !shown.contains("ada"), "{shown}");
    }
}
