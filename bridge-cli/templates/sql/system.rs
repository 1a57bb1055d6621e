//! The system that the connector reads in its tests.

use std::path::{Path, PathBuf};

/// A database that the connector makes and fills by itself.
pub struct System;

impl System {
    /// `None` where the system cannot be had: the test is skipped then.
    pub async fn start() -> Option<Self> {
        Some(System)
    }

    /// Variables that lead to it. `home` is a folder of the test's own.
    pub fn settings(&self, home: &Path) -> Vec<(&'static str, PathBuf)> {
        vec![("ACME_HR_DB", home.join("hr.sqlite"))]
    }
}
