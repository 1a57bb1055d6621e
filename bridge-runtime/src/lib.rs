//! The engines of iden-bridge. Users import the facade, `iden_bridge`.

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
pub mod journal;
pub mod random;
pub mod source;
pub mod sync;
pub mod tasks;
pub mod testing;
