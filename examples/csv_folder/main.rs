//! A folder of CSV files that a system exports every night: the connector that only reads.
//!
//! ```text
//! CSV_FOLDER=examples/csv_folder/sample cargo run --example csv_folder -- dev --once
//! ```
//!
//! | file | columns |
//! |---|---|
//! | `departments.csv` | `id`, `name` |
//! | `people.csv` | `number`, `email`, `first_name`, `last_name`, `status`: `employed`, `on_leave` or `left` |
//! | `members.csv` | `department`, `person` |
//!
//! Columns may stand in any order, and others are left alone. The folder is the one that `CSV_FOLDER` names, else `folder`
//! under `[app]` in `bridge.toml`. There is no default: a connector that reads the wrong folder would report the wrong people.
//!
//! Nobody can change the system by changing its export, so there are no tasks, and Iden is not asked for any.
//!
//! To start from it: rename the columns in `line.rs`, and the types in `model.rs`.

// A program has no outside, so plain `pub` says enough.
#![allow(unreachable_pub)]

mod export;
mod folder;
mod line;
mod model;
mod source;
mod table;
#[cfg(test)]
mod tests;

use iden_bridge::prelude::*;

use folder::Folder;
use model::{Department, Person};

#[tokio::main]
async fn main() -> ExitCode {
    Connector::builder("CSV folder", Folder::open)
        .version(env!("CARGO_PKG_VERSION"))
        .resource::<Department>()
        .resource::<Person>()
        .main()
        .await
}
