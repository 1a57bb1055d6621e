//! The name of a connector.

use std::{fmt, str::FromStr};

/// Names that mean something to cargo or to Rust, and would fail later with a message about something else.
const TAKEN: [&str; 10] =
    ["test", "core", "std", "alloc", "proc-macro", "build", "deps", "examples", "iden-bridge", "tokio"];

/// A name that can be a folder, a package, a program, a systemd unit and a user: small letters, digits and `-`, a letter first,
/// 40 characters at most.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name(String);

impl Name {
    /// As a person would write it: `my-connector` is "My connector".
    pub fn title(&self) -> String {
        let (first, rest) = self.0.split_at(1);
        first.to_uppercase() + &rest.replace('-', " ")
    }
}

impl FromStr for Name {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        let good = text.len() <= 40 && text.starts_with(|c: char| c.is_ascii_lowercase()) && text.chars().all(plain);
        if !good || text.ends_with('-') {
            return Err("expected small letters, digits and `-`, a letter first, as in `acme-hr`".to_owned());
        }
        if TAKEN.contains(&text) {
            return Err(format!("`{text}` means something else to cargo already; try `{text}-connector`"));
        }
        Ok(Name(text.to_owned()))
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cargo_or_a_shell_would_not_take_is_refused() {
        for text in ["acme-hr", "a", "hr2"] {
            assert_eq!(text.parse::<Name>().unwrap().to_string(), text);
        }
        for text in ["", "Acme", "2hr", "acme hr", "../acme", "acme_hr", "-acme", "acme-", "test", &"a".repeat(41)] {
            assert!(text.parse::<Name>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_name_is_also_a_title() {
        assert_eq!("my-new-connector".parse::<Name>().unwrap().title(), "My new connector");
    }
}
