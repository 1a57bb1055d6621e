//! Carrying out tasks, each once.
//!
//! | what happens | where |
//! |---|---|
//! | what is pending is read, page by page, until a walk finds nothing new | `listing`, `page_size` |
//! | tasks of one person stand in one lane, in Iden's order | `subject`, `lanes` |
//! | of many tasks a part is loaded, in an order that keeps each account's | `window` |
//! | the first of each lane is given out, eight at once; polls go on meanwhile | `shift`, `intake` |
//! | a task has its turn: it is read, carried out, reported | `turn` |
//! | its handler is found and called, between two entries in the journal | `execution`, `attempt` |
//! | how it ended, and what Iden is told of that; a password in memory only | `conclusion`, `reporter` |
//! | what it did to its account, for the syncs | `effect` |
//!
//! A task that was begun by a run that nobody saw the end of is settled by its handler's kind: run again, verified, or
//! reported failed with `outcome_unknown` (reliability.md 4.5).

mod attempt;
mod conclusion;
mod context;
mod effect;
mod engine;
mod entry;
mod error;
mod execution;
mod handler;
mod intake;
mod kind;
mod lanes;
mod listing;
mod outlook;
mod page_size;
mod pending;
mod place;
mod reporter;
mod round;
mod shift;
mod subject;
#[cfg(any(test, feature = "fuzzing"))]
mod testing;
mod turn;
mod window;

pub use context::{TaskContext, TaskInfo};
pub(crate) use engine::{AT_ONCE, TaskEngine};
pub use entry::{Entry, Route, Tasks, entry};
pub use error::RoundError;
pub use handler::{FromContext, Listed, TaskHandler, assert_distinct, verdict_of_probe};
pub use kind::{HandlerInfo, HandlerKind, HandlerSchema};
#[cfg(feature = "fuzzing")]
pub(crate) use lanes::drive as drive_lanes;
pub use outlook::ListedTask;
pub(crate) use outlook::Outlook;
pub use round::{ReportedTask, RoundReport};
#[cfg(feature = "cli")]
pub(crate) use shift::MOST_OVERDUE;
pub(crate) use shift::Polling;
pub(crate) use window::WINDOW;
