//! The system that the connector reads in its tests.

use std::path::{Path, PathBuf};

/// What the connector finds by itself: nothing has to be started.
pub struct System;

impl System {
    /// `None` where the system cannot be had: the test is skipped then.
    pub async fn start() -> Option<Self> {
        Some(System)
    }

    /// Variables that lead to it. `home` is a folder of the test's own.
    pub fn settings(&self, _home: &Path) -> Vec<(&'static str, PathBuf)> {
        Vec::new()
    }
}
