//! What goes wrong on the machine, and what Iden is told of it.

use std::io;

use iden_bridge::BridgeError;

use crate::name::{BadName, Name};

#[derive(Debug, BridgeError, thiserror::Error)]
pub enum HostError {
    /// Nothing was done, since nobody asked for it.
    #[error("only shown (start with `--apply` to carry it out): {0}")]
    #[bridge(code = "dry_run")]
    DryRun(String),

    #[error("there is no user `{0}`")]
    #[bridge(code = "account_not_found")]
    NoSuchUser(Name),

    #[error("there is a user `{0}` already")]
    #[bridge(code = "account_already_exists")]
    UserExists(Name),

    #[error("a new user needs a username, or an e-mail address to take it from")]
    #[bridge(code = "invalid_payload")]
    NoName,

    #[error(transparent)]
    #[bridge(code = "invalid_payload")]
    BadName(#[from] BadName),

    #[error("{0:?} cannot stand in /etc/passwd: it holds `:`, `,` or a control character")]
    #[bridge(code = "invalid_payload")]
    BadText(String),

    #[error("`{0}` cannot be changed here")]
    #[bridge(code = "unsupported_change")]
    Unsupported(String),

    /// The program said no. What it changes, it changes as its last step.
    #[error("{program} failed ({status}): {said}")]
    #[bridge(code = "external_system_error")]
    Refused { program: &'static str, status: String, said: String },

    #[error("the files or programs of this machine cannot be reached: {0}")]
    #[bridge(code = "external_system_error", unknown)]
    Io(#[from] io::Error),
}
