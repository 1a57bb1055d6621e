//! Carrying out tasks.

mod attempt;
mod conclusion;
mod context;
mod effect;
mod engine;
mod entry;
mod error;
mod execution;
mod handler;
mod lanes;
mod listing;
mod pending;
mod reporter;
mod round;
mod shift;
mod subject;
#[cfg(test)]
mod testing;
mod turn;

pub use context::{TaskContext, TaskInfo};
pub(crate) use engine::TaskEngine;
pub use entry::{Entry, Route, Tasks, entry};
pub use error::RoundError;
pub use handler::{FromContext, Listed, TaskHandler, assert_distinct, verdict_of_probe};
pub use round::{ReportedTask, RoundReport};
pub(crate) use shift::Polling;
