//! The system that the connector reads in its tests.

use std::path::{Path, PathBuf};

#[path = "../common/slapd.rs"]
#[allow(dead_code)] // the tests beside the sources need more of it
mod slapd;

/// A real OpenLDAP server.
pub struct System(slapd::Slapd);

impl System {
    /// `None` where slapd is not installed: the test is skipped then, and says so.
    pub async fn start() -> Option<Self> {
        slapd::Slapd::start().map(System)
    }

    /// Variables that lead to it. `home` is a folder of the test's own.
    pub fn settings(&self, _home: &Path) -> Vec<(&'static str, PathBuf)> {
        vec![
            ("LDAP_URL", self.0.url().into()),
            ("LDAP_BASE", slapd::BASE.into()),
            ("LDAP_BIND_DN", slapd::CONNECTOR.into()),
            ("LDAP_PASSWORD", slapd::PASSWORD.into()),
        ]
    }
}
