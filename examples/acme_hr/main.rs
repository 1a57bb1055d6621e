//! An HR system in SQLite, with all six kinds of task: the example to read first, and to start from.
//!
//! ```text
//! cargo run --example acme_hr -- dev --once
//! ```
//!
//! The database is the file that `ACME_HR_DB` names, else `database` under `[app]` in `bridge.toml`, else
//! `./acme_hr.sqlite`. On the first run it is made and filled with 312 people. Every task changes it for real.

// A program has no outside, so plain `pub` says enough.
#![allow(unreachable_pub)]

mod database;
mod error;
mod model;
mod people;
mod rehearsal;
mod seed;
mod source;
mod tasks;
#[cfg(test)]
mod tests;

use iden_bridge::prelude::*;

use database::Hr;
use model::{Employee, Seat, Team};

#[tokio::main]
async fn main() -> ExitCode {
    Connector::builder("Acme HR", Hr::open)
        .version(env!("CARGO_PKG_VERSION"))
        .resource::<Team>()
        .resource::<Seat>()
        .resource::<Employee>()
        .tasks(tasks::all())
        .rehearsal(rehearsal::queue)
        .main()
        .await
}
