use std::collections::BTreeSet;

use axum::http::{HeaderMap, header};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::error::Refusal;

/// Who makes a request: the tenant, by its index in the state, and what the key may reach there.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    pub(crate) tenant: usize,
    pub(crate) access: Access,
}

/// What the key of one request may reach.
#[derive(Clone, Debug, Serialize, Deserialize)]
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

/// The API keys that one tenant has ever given out.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Keys {
    keys: Vec<Key>,
}

#[derive(Serialize, Deserialize)]
struct Key {
    text: String,
    access: Access,
    revoked: bool,
    expires_at: Option<Timestamp>,
}

impl Keys {
    /// Adds a key, or gives a key that is there its new access. A revoked key is valid again.
    pub(crate) fn add(&mut self, text: &str, access: Access, expires_at: Option<Timestamp>) {
        let key = Key { text: text.to_owned(), access, revoked: false, expires_at };
        match self.keys.iter_mut().find(|key| key.text == text) {
            Some(known) => *known = key,
            None => self.keys.push(key),
        }
    }

    /// Adds a key that reaches everything, as the one that was valid at the start.
    pub(crate) fn add_first(&mut self, text: &str) {
        self.keys.retain(|key| key.text != text);
        self.keys
            .insert(0, Key { text: text.to_owned(), access: Access::Everything, revoked: false, expires_at: None });
    }

    pub(crate) fn revoke(&mut self, text: &str) {
        for key in self.keys.iter_mut().filter(|key| key.text == text) {
            key.revoked = true;
        }
    }

    /// The key that was valid at the start.
    pub(crate) fn first(&self) -> &str {
        self.keys.first().map_or("", |key| &key.text)
    }

    /// Whether the tenant has given out the key of a request, revoked and expired ones included.
    pub(crate) fn check_known(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        self.find(headers).map(drop)
    }

    fn find(&self, headers: &HeaderMap) -> Result<&Key, Refusal> {
        let text = sent(headers)?;
        let known = self.keys.iter().find(|key| key.text == text);
        known.ok_or_else(|| Refusal::unauthorized("invalid API key"))
    }

    /// Who asks? Reads `Authorization: Api-Key <key>`.
    pub(crate) fn check(&self, headers: &HeaderMap, now: Timestamp) -> Result<Access, Refusal> {
        let key = self.find(headers)?;
        if key.expires_at.is_some_and(|end| end <= now) {
            return Err(Refusal::unauthorized("this API key has expired"));
        }
        if key.revoked {
            return Err(Refusal::forbidden("this API key was revoked"));
        }
        Ok(key.access.clone())
    }
}

/// The key of a request: `Authorization: Api-Key <key>`.
pub(crate) fn sent(headers: &HeaderMap) -> Result<&str, Refusal> {
    let header = headers.get(header::AUTHORIZATION);
    let header = header
        .ok_or_else(|| Refusal::unauthorized("no `Authorization` header: send `Authorization: Api-Key <key>`"))?;
    let key = header.to_str().ok().and_then(|value| value.strip_prefix("Api-Key "));
    key.ok_or_else(|| Refusal::unauthorized("the `Authorization` header does not read `Api-Key <key>`"))
}
