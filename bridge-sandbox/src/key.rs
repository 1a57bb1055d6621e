use std::collections::BTreeSet;

use axum::http::{HeaderMap, header};
use uuid::Uuid;

use crate::error::Refusal;

/// What the key of one request may reach.
#[derive(Clone, Debug)]
pub(crate) enum Access {
    /// Every app, those to come included.
    Everything,
    /// These apps and no other.
    Only(BTreeSet<Uuid>),
}

impl Access {
    pub(crate) fn reaches(&self, app: Uuid) -> bool {
        match self {
            Access::Everything => true,
            Access::Only(apps) => apps.contains(&app),
        }
    }
}

/// The API keys that the sandbox has ever given out.
#[derive(Default)]
pub(crate) struct Keys {
    keys: Vec<Key>,
}

struct Key {
    text: String,
    access: Access,
    revoked: bool,
}

impl Keys {
    /// Adds a key, or gives a key that is there its new access. A revoked key is valid again.
    pub(crate) fn add(&mut self, text: &str, access: Access) {
        self.keys.retain(|key| key.text != text);
        self.keys.push(Key { text: text.to_owned(), access, revoked: false });
    }

    pub(crate) fn revoke(&mut self, text: &str) {
        for key in self.keys.iter_mut().filter(|key| key.text == text) {
            key.revoked = true;
        }
    }

    /// Who asks? Reads `Authorization: Api-Key <key>`.
    pub(crate) fn check(&self, headers: &HeaderMap) -> Result<Access, Refusal> {
        let Some(header) = headers.get(header::AUTHORIZATION) else {
            return Err(Refusal::unauthorized("no `Authorization` header: send `Authorization: Api-Key <key>`"));
        };
        let Some(text) = header.to_str().ok().and_then(|value| value.strip_prefix("Api-Key ")) else {
            return Err(Refusal::unauthorized("the `Authorization` header does not read `Api-Key <key>`"));
        };
        let Some(key) = self.keys.iter().find(|key| key.text == text) else {
            return Err(Refusal::unauthorized("invalid API key"));
        };
        if key.revoked {
            return Err(Refusal::forbidden("this API key was revoked"));
        }
        Ok(key.access.clone())
    }
}
