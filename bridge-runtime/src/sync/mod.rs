//! Telling Iden what the external system holds.
//!
//! A session is filled in two phases, groups and licenses before the accounts that refer to them, and then completed or
//! abandoned. `complete` marks everything that was not pushed as removed, so it takes a `Proof`, and there is one way to
//! get it: nine conditions, each with a witness (`proof.rs`).
//!
//! | step | file |
//! |---|---|
//! | a session left behind is ended | `recovery` |
//! | the types are compared with those of the app, and registered | `types`, `registration` |
//! | each type is read; the journal judges each record; pages go out, a few at a time | `run`, `intake`, `flight`, `window`, `refusal` |
//! | whoever is missing is looked up | `verify`, `refresh` |
//! | what would be taken away is judged | `judging`, `guard` |
//! | what takes something away is pushed | `held_back` |
//! | what tasks touched meanwhile is read again, as far as the gate leaves no time for it | `catch_up` |
//! | the gate closes, what tasks touched is read again, the session is completed | `completing`, `touched`, `proof`, `session` |

mod catch_up;
mod completing;
mod counts;
mod digest;
mod engine;
mod error;
mod flight;
mod guard;
mod held_back;
mod intake;
mod judging;
mod page;
mod plan;
mod proof;
mod recovery;
mod refresh;
mod refusal;
mod registration;
mod report;
mod run;
mod sample;
mod session;
mod source_watch;
mod sources;
mod status_line;
mod touched;
mod trail;
mod types;
mod verify;
mod wall_clock;
mod window;

pub(crate) use engine::SyncEngine;
pub use error::{SyncError, SyncFailure, TypeProblem};
pub use guard::{Limits, LimitsPatch, LimitsProblem};
pub(crate) use plan::Basis;
pub use plan::{Plan, PlannedType};
pub use report::{SyncReport, TypeReport};
pub(crate) use sample::Sample;
pub(crate) use sources::{Sources, TypeReader};
pub(crate) use types::compare_with_journal;
