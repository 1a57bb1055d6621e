//! Carrying out tasks.

mod attempt;
mod context;
mod effect;
mod engine;
mod entry;
mod error;
mod handler;
mod queue;
mod reporter;
mod round;

pub(crate) use attempt::{Attempt, Attempting};
pub use context::{TaskContext, TaskInfo};
pub(crate) use engine::TaskEngine;
pub(crate) use entry::invalid;
pub use entry::{Entry, Route, Tasks, entry};
pub use error::RoundError;
pub use handler::{FromContext, Listed, TaskHandler, assert_distinct, verdict_of_probe};
pub use round::{ReportedTask, RoundReport};
