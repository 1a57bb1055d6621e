//! The name of a connector.

use std::{fmt, str::FromStr};

/// Names that mean something to cargo or to Rust, and would fail later with a message about something else: crates of the
/// standard library, folders of a build, and devices of Windows.
const RESERVED: [&str; 17] = [
    "test",
    "core",
    "std",
    "alloc",
    "proc-macro",
    "build",
    "deps",
    "examples",
    "incremental",
    "target",
    "con",
    "prn",
    "aux",
    "nul",
    "iden-bridge",
    "bridge-cli",
    "bridge-fuzz",
];
/// The crates that every connector is built from; cargo does not tell two packages of one name and version apart.
const LIBRARY: [&str; 4] = ["bridge-core", "bridge-derive", "bridge-runtime", "bridge-sandbox"];
/// Keywords of Rust, also reserved ones; none of them can name a crate.
const KEYWORDS: [&str; 50] = [
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate", "do", "dyn", "else",
    "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro", "match", "mod",
    "move", "mut", "override", "priv", "pub", "ref", "return", "self", "static", "struct", "super", "trait", "true",
    "try", "type", "typeof", "unsafe", "unsized", "use", "virtual", "where", "while",
];

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

    /// What its environment variables begin with: `my-connector` has `MY_CONNECTOR_`.
    pub fn variables(&self) -> String {
        self.0.replace('-', "_").to_uppercase() + "_"
    }

    /// Whether a crate of this name would be the same crate for Rust.
    pub fn is_crate(&self, other: &str) -> bool {
        self.0.replace('-', "_") == other.replace('-', "_")
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
        let device = text.strip_prefix("com").or(text.strip_prefix("lpt")).is_some_and(|rest| rest.len() == 1);
        let why = if LIBRARY.contains(&text) {
            "is a crate of iden-bridge"
        } else if KEYWORDS.contains(&text) || text == "yield" {
            "is a keyword of Rust"
        } else if RESERVED.contains(&text) || device {
            "has another meaning for cargo or for the file system"
        } else {
            return Ok(Name(text.to_owned()));
        };
        Err(format!("`{text}` {why}; try `{text}-connector`"))
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
        for text in [
            "",
            ".",
            "Acme",
            "Größe",
            "2hr",
            "acme hr",
            "../acme",
            "acme_hr",
            "-acme",
            "acme-",
            "test",
            "incremental",
            "deps",
            "target",
            "bridge-runtime",
            "bridge-core",
            "bridge-derive",
            "bridge-sandbox",
            "iden-bridge",
            "self",
            "crate",
            "async",
            "gen",
            "yield",
            "nul",
            "com1",
            &"a".repeat(41),
        ] {
            assert!(text.parse::<Name>().is_err(), "{text}");
        }
        let why = "bridge-runtime".parse::<Name>().unwrap_err();
        assert_eq!(why, "`bridge-runtime` is a crate of iden-bridge; try `bridge-runtime-connector`");
    }

    #[test]
    fn a_name_is_also_a_title() {
        assert_eq!("my-new-connector".parse::<Name>().unwrap().title(), "My new connector");
    }
}
