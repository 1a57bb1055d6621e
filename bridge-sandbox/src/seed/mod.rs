//! Files to begin with: what is held, and what goes wrong.

mod file;
mod plant;

pub(crate) use file::{FaultFile, Seed};
