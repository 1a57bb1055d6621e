//! What the fuzz targets reach and nobody else: no part of the API, behind a feature of its own.
//!
//! | here | why it is not fuzzed through the API |
//! |---|---|
//! | [`settings`] | a configuration file is read by `main`, which takes its settings from the process and ends it |
//! | [`lanes`] | which task may run next shows only through whole rounds against a server |

pub use crate::command_line::Decided;
use crate::connector::ConnectorError;

/// What a configuration file with this text decides.
///
/// # Errors
/// It cannot be read.
pub fn settings(text: &str) -> Result<Decided, ConnectorError> {
    Decided::by_file(text)
}

/// Drives the lanes of a connector beside a plain model of them.
///
/// # Panics
/// They differ.
pub fn lanes(choices: &[u8]) {
    crate::tasks::drive_lanes(choices);
}
