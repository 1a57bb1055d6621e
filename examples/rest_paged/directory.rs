//! The external system.

use std::env;

use iden_bridge::Secret;
use serde::Deserialize;

use crate::api::Api;

/// `[app]` in `bridge.toml`. The token has no place in a file: it comes from the environment.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    url: Option<String>,
}

#[derive(Debug)]
pub struct Directory {
    pub api: Api,
}

impl Directory {
    pub async fn open(settings: Settings) -> Result<Directory, Unopened> {
        let set = |name| env::var(name).ok().filter(|value| !value.is_empty());
        let url = set("REST_PAGED_URL").or(settings.url);
        // Remove from here, once you have an API:
        if url.is_none() {
            let token = "the example's own";
            let url = crate::service::start(token).await.map_err(|_| Unopened::NoAddress)?;
            return Ok(Directory { api: Api::new(&url, Secret::new(token))? });
        }
        // to here.
        let url = url.ok_or(Unopened::NoAddress)?;
        let token = set("REST_PAGED_TOKEN").ok_or(Unopened::NoToken)?;
        Ok(Directory { api: Api::new(&url, Secret::new(token))? })
    }
}

#[derive(Debug, thiserror::Error)]
pub enum Unopened {
    #[error("the directory's address is missing: set REST_PAGED_URL")]
    NoAddress,
    #[error("the directory's token is missing: set REST_PAGED_TOKEN")]
    NoToken,
    #[error("the directory's address cannot be used")]
    Client(#[from] reqwest::Error),
}
