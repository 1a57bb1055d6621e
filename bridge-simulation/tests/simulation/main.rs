//! The engines in a simulated world: every history comes from one seed, and can be repeated.

#![allow(unreachable_pub)] // modules of a program of its own

mod clock;
mod connector;
mod converged;
mod cuts;
mod dice;
mod facts;
mod faults;
mod handlers;
mod journal;
mod network;
mod oracle;
mod plan;
#[cfg(feature = "planted-bugs")]
mod planted;
mod report;
mod run;
mod seeds;
mod server;
mod sessions;
mod stage;
mod task_list;
mod trace;
mod world;
