//! What Iden sees of the export.

use iden_bridge::prelude::*;
use serde::Deserialize;

#[derive(Clone, Debug, BridgeResource)]
#[bridge(group, name = "Departments")]
pub struct Department {
    pub id: String,
    pub name: String,
}

#[derive(Clone, Debug, BridgeResource)]
#[bridge(account, name = "People")]
pub struct Person {
    #[bridge(id)]
    pub number: u32,
    pub email: String,
    pub first_name: String,
    pub last_name: Option<String>,
    pub status: Employment,
    #[bridge(memberships)]
    pub departments: Vec<Ref<Department>>,
}

/// A word that is none of these makes its line unreadable: taken for `left`, a new word would lock people out.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, BridgeStatus)]
#[serde(rename_all = "snake_case")]
pub enum Employment {
    #[bridge(active)]
    Employed,
    #[bridge(suspended)]
    OnLeave,
    #[bridge(inactive)]
    Left,
}
