use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use super::record::Record;
use super::session::Session;
use super::task::TaskList;

/// One app: its own records, sessions and tasks. Its types are in the catalog that it may share.
#[derive(Serialize, Deserialize)]
pub(crate) struct AppState {
    pub(crate) id: Uuid,
    pub(crate) name: String,
    pub(crate) cloned_from: Option<Uuid>,
    /// The index of its catalog in the state.
    pub(crate) catalog: usize,
    created_at: Timestamp,
    pub(crate) last_synced_at: Option<Timestamp>,
    /// Lighthouse names the connection behind an app by an id of its own.
    connection: Uuid,
    /// Slug to key to record, removed ones included.
    #[serde(skip)]
    pub(crate) records: BTreeMap<String, BTreeMap<String, Record>>,
    /// In the order in which they were started.
    #[serde(skip)]
    pub(crate) sessions: Vec<Session>,
    #[serde(skip)]
    pub(crate) tasks: TaskList,
}

impl AppState {
    pub(crate) fn new(id: Uuid, name: &str, cloned_from: Option<Uuid>, catalog: usize, created_at: Timestamp) -> Self {
        Self {
            id,
            name: name.to_owned(),
            cloned_from,
            catalog,
            created_at,
            last_synced_at: None,
            connection: Uuid::new_v4(),
            records: BTreeMap::new(),
            sessions: Vec::new(),
            tasks: TaskList::default(),
        }
    }

    /// As the Bridge API shows it.
    pub(crate) fn json(&self) -> Value {
        let configuration_status = if self.last_synced_at.is_none() { "NEW" } else { "CONFIGURED" };
        json!({
            "id": self.id,
            "name": self.name,
            "configuration_status": configuration_status,
            "created_at": self.created_at,
            "last_synced_at": self.last_synced_at,
        })
    }

    /// As the Lighthouse API shows it.
    pub(crate) fn lighthouse_json(&self) -> Value {
        json!({
            "external_uuid": self.id,
            "name": self.name,
            "connection": {
                "external_uuid": self.connection,
                "display_name": self.name,
                "unique_identifier": format!("bridge-{}", self.id),
            },
        })
    }
}
