//! Whether connectors live, and whether they are ready.

use std::fmt;

/// The answer to a probe: every app with what is found of it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Health {
    /// One for each app.
    pub checks: Vec<Check>,
}

/// What is found of one app.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Check {
    /// The app's name.
    pub app: String,
    /// Whether it is as it should be.
    pub ok: bool,
    /// What is found.
    pub found: String,
}

impl Check {
    pub(super) fn passed(app: impl Into<String>, found: impl Into<String>) -> Self {
        Check { app: app.into(), ok: true, found: found.into() }
    }

    pub(super) fn failed(app: impl Into<String>, found: impl Into<String>) -> Self {
        Check { app: app.into(), ok: false, found: found.into() }
    }
}

impl Health {
    pub(super) fn new(checks: Vec<Check>) -> Self {
        Health { checks }
    }

    /// Whether every app is as it should be.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.checks.iter().all(|check| check.ok)
    }
}

impl fmt::Display for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", if self.is_good() { "ok" } else { "failed" })?;
        self.checks
            .iter()
            .try_for_each(|Check { app, ok, found }| writeln!(f, "{} {app}: {found}", if *ok { "[+]" } else { "[-]" }))
    }
}
