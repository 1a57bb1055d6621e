//! The engines in a simulated world: every history comes from one seed, and can be repeated. `docs/reliability.md` says what is
//! simulated, what must hold, and why the result can be believed.
//!
//! [`plan`] draws what a history is like, [`history`] runs it on a [`stage`]: [`iden`] and the [`system`] on one side, the
//! engines with their [`seams`] on the other, the [`oracle`] above both.

// A harness: what cannot be, panics. Nobody but this repository uses it.
#![allow(clippy::unwrap_used, missing_docs)]

pub mod dice;
pub mod faults;
pub mod history;
pub mod iden;
pub mod known;
pub mod operator;
pub mod oracle;
pub mod plan;
pub mod reference;
pub mod report;
pub mod seams;
pub mod shards;
pub mod shrink;
pub mod stage;
pub mod system;
pub mod trace;
#[cfg(feature = "planted-bugs")]
pub mod witnesses;
