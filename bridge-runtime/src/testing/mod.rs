//! Helpers for tests without a server.
//!
//! Tests against a real one are as short: start a `bridge_sandbox::Sandbox` and attach the connector to it.

#[cfg(feature = "journal-sqlite")]
mod clock;
#[cfg(feature = "journal-sqlite")]
mod iden;
mod record;
#[cfg(feature = "journal-sqlite")]
mod task;
#[cfg(feature = "journal-sqlite")]
mod task_run;
#[cfg(feature = "journal-sqlite")]
#[cfg(test)]
mod tests;

pub use record::{Read, find, read, record};
#[cfg(feature = "journal-sqlite")]
pub use task::{TestTask, run, task};
#[cfg(feature = "journal-sqlite")]
pub use task_run::{TaskOutcome, TaskRun};
