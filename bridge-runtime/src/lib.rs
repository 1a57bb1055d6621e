//! The engines of iden-bridge. Users import the facade, `iden_bridge`.

mod caught;
pub mod client;
pub mod clock;
#[cfg(feature = "cli")]
mod command_line;
pub mod connector;
#[cfg(feature = "dev")]
pub mod dev;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod gate;
#[cfg(test)]
mod generated;
pub mod journal;
#[cfg(feature = "planted-bugs")]
#[doc(hidden)]
pub mod planted;
#[cfg(not(feature = "planted-bugs"))]
mod planted;
pub mod random;
pub mod source;
pub mod sync;
pub mod tasks;
pub mod telemetry;
pub mod testing;
