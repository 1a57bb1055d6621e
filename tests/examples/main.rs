//! The examples as programs: what they print, what they do to their systems, what Iden gets of it, how they end.
//!
//! `cargo test` builds the programs, `cargo test --test examples` does not: they are then those of the last build.

#![allow(clippy::unwrap_used, unreachable_pub)] // the helpers are no `#[test]`s, and are tests all the same

mod acme_hr;
#[cfg(unix)]
mod beside;
mod command_line;
#[path = "../common/hr_file.rs"]
mod hr_file;
#[cfg(unix)]
mod linux_host;
#[path = "../common/program.rs"]
mod program;
mod quickstart;
mod regions;
#[cfg(unix)]
mod signals;
mod summary;
mod tasks;
