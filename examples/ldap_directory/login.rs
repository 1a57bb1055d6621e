//! The name of a person's entry.

use std::{fmt, str::FromStr};

use crate::error::DirectoryError;

/// What may be a `uid`: nothing that would be special in a DN, in a filter, or on a Unix machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login(String);

impl Login {
    /// The DN of the entry of this name. The letters of a login need no escape.
    pub fn dn(&self, base: &str) -> String {
        format!("uid={self},ou=people,{base}")
    }
}

impl FromStr for Login {
    type Err = DirectoryError;

    fn from_str(text: &str) -> Result<Self, DirectoryError> {
        let letter = |c: char| c.is_ascii_lowercase();
        let other = |c: char| letter(c) || c.is_ascii_digit() || "._-".contains(c);
        if text.len() > 64 || !text.starts_with(letter) || !text.chars().all(other) {
            return Err(DirectoryError::BadLogin(text.to_owned()));
        }
        Ok(Login(text.to_owned()))
    }
}

impl fmt::Display for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
#[test]
fn what_is_special_in_a_dn_is_no_login() {
    for text in ["ann", "ann.lee-2", "a_b"] {
        assert!(text.parse::<Login>().is_ok(), "{text}");
    }
    for text in ["", "Ann", "7of9", "ann,ou=admins", "ann+cn=x", "ann\\", "änn", "ann lee", &"a".repeat(65)] {
        assert!(text.parse::<Login>().is_err(), "{text}");
    }
}
