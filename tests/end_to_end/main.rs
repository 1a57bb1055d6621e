//! Whole connectors over real HTTP against the sandbox. Expected values are those of the protocol, not of the code.
#![allow(clippy::unwrap_used, unreachable_pub)] // helpers of tests

mod app;
mod bad_answers;
mod company;
#[cfg(feature = "dev")]
mod dev;
mod regressions;
mod sync;
mod sync_held;
mod tasks;
mod tasks_interrupted;
