//! A strict, local Bridge server for development and tests.
//!
//! [`Sandbox::start`] gives a test a server of its own, in memory, in a millisecond. It speaks HTTP as Iden's Bridge and
//! Lighthouse APIs do, refuses what they would refuse, and shows by plain values what it holds: [`App::records`],
//! [`App::history`], [`App::sessions`], [`App::tasks`], [`Sandbox::requests`]. A test waits for what is to come with
//! [`App::wait_until`] and moves the time with [`Sandbox::advance`].
//!
//! It is written from the protocol alone and shares no code with the connector side, so that a misreading there does not
//! repeat itself here. What the protocol leaves open is a switch of [`Assumptions`]. What goes wrong between two programs is a
//! [`Fault`]: an overloaded gateway, a lost answer, half an answer.
//!
//! The program `bridge-sandbox` (feature `bin`, on by default) is the same server for a connector under development, in any
//! language; `docs/sandbox.md` is its guide.

mod alarm;
mod app;
mod assert;
mod assumptions;
mod browse;
mod builder;
mod changes;
mod clock;
mod connections;
mod console;
mod error;
mod fault;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod gate;
mod key;
mod line;
mod log;
mod new_task;
#[cfg(feature = "bin")]
pub mod program;
mod routes;
mod sandbox;
mod secrets;
mod seed;
mod server;
mod shown;
mod span;
mod state;
mod store;
mod tenant;
mod validate;
mod view;
mod wait;
mod warning;
mod wrong_keys;

pub use app::App;
pub use assumptions::{AssumptionError, AssumptionView, Assumptions};
pub use builder::SandboxBuilder;
pub use changes::{Change, Changes, Topic};
pub use fault::{Fault, FaultError, FaultForm, FaultView};
pub use new_task::NewTask;
pub use sandbox::Sandbox;
pub use tenant::Tenant;
pub use view::{
    Cause, FieldChange, HistoryEntry, HistoryView, Listing, RecordChange, RecordQuery, RecordView, Removal,
    RequestQuery, RequestSummary, RequestView, SessionSummary, SessionView, TaskView, TypeProgress, TypeView,
};

/// The Rust in the guide runs as a test.
#[cfg(doctest)]
#[doc = include_str!("../../docs/sandbox.md")]
mod guide {}
