//! A connector against a sandbox of its own: the `dev` command.

mod prompter;
mod rehearsal;
mod scratch;
mod stage;
mod summary;

pub use rehearsal::{Rehearsal, Rehearse};
pub use stage::Stage;
pub use summary::{AppSummary, Counts, DevSummary, TaskSummary};
