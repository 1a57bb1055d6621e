//! A JSON API with pages, and all six kinds of task: what most connectors look like.
//!
//! ```text
//! cargo run --example rest_paged -- dev --once
//! ```
//!
//! The API is a directory of users and groups. `REST_PAGED_URL` says where it is and `REST_PAGED_TOKEN` holds its token;
//! without the first the program serves a directory of its own (`service.rs`), filled with 250 users, for as long as it runs.
//!
//! To start from it: change the calls in `api.rs`, remove the marked lines in `directory.rs`, and put `#[cfg(test)]` before
//! `mod service;` here, so that the tests keep their API. What stays is how a response becomes an error (`error.rs`), since
//! that decides what happens to people and tasks.

// A program has no outside, so plain `pub` says enough.
#![allow(unreachable_pub)]

mod api;
mod directory;
mod error;
mod model;
mod rehearsal;
mod service;
mod source;
mod tasks;
#[cfg(test)]
mod tests;

use iden_bridge::prelude::*;

use directory::Directory;
use model::{Group, User};

#[tokio::main]
async fn main() -> ExitCode {
    Connector::builder("REST directory", Directory::open)
        .version(env!("CARGO_PKG_VERSION"))
        .resource::<Group>()
        .resource::<User>()
        .tasks(tasks::all())
        .rehearsal(rehearsal::queue)
        .main()
        .await
}
