//! The protocol, endpoint by endpoint, over HTTP with a plain client; and what is the sandbox's own: assumptions, faults, seeds,
//! state. What measures time stands in `load.rs` and `console.rs`, the program in `program.rs`.
#![allow(clippy::unwrap_used, reason = "this is test code, though not all of it is in test functions")]

#[path = "../common/mod.rs"]
mod common;

mod apps_and_types;
mod assumptions;
mod browse;
mod endpoints;
mod faults;
mod history;
mod hostile;
mod lighthouse;
mod pages;
mod seed;
mod sessions;
mod state_file;
mod tasks;
mod tenants;
mod transport;
