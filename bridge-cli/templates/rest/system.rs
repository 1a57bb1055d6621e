//! The system that the connector reads in its tests.

use std::path::{Path, PathBuf};

#[path = "../../src/service.rs"]
mod service;

const TOKEN: &str = "of the test";

/// An API that the test starts in the place of yours.
pub struct System {
    url: String,
}

impl System {
    /// `None` where the system cannot be had: the test is skipped then.
    pub async fn start() -> Option<Self> {
        let url = service::start(TOKEN).await.unwrap();
        Some(System { url })
    }

    /// Variables that lead to it. `home` is a folder of the test's own.
    pub fn settings(&self, _home: &Path) -> Vec<(&'static str, PathBuf)> {
        let url = ("REST_PAGED_URL", PathBuf::from(&self.url));
        let token = ("REST_PAGED_TOKEN", PathBuf::from(TOKEN));
        vec![url, token]
    }
}
