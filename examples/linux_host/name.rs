//! The name of a user or a group.

use std::{fmt, str::FromStr};

/// A name that is safe in a command line and in a line of `/etc/passwd`.
///
/// It is the id's type, so a task about anything else never reaches a handler: it fails with `invalid_payload`.
/// `useradd` is stricter yet, but what exists already may be called so.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Name(String);

impl Name {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Name {
    type Err = BadName;

    fn from_str(text: &str) -> Result<Self, BadName> {
        // A leading dash would be an option to every program. A comma ends a name in a list of groups.
        let bad = |c: char| c.is_whitespace() || c.is_control() || matches!(c, ':' | ',' | '/');
        if text.is_empty() || text.len() > 256 || text.starts_with('-') || text.contains(bad) {
            return Err(BadName(text.to_owned()));
        }
        Ok(Name(text.to_owned()))
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[derive(Debug, thiserror::Error)]
#[error("{0:?} is no name of a user or a group")]
pub struct BadName(String);
