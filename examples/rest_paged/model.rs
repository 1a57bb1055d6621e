//! What Iden sees of the directory. The API's own names are serde's business, Iden's are the derive's.

use iden_bridge::prelude::*;
use serde::Deserialize;

#[derive(Clone, Debug, Deserialize, BridgeResource)]
#[bridge(group, name = "Groups")]
pub struct Group {
    pub id: String,
    #[serde(rename = "displayName")]
    pub name: String,
}

#[derive(Clone, Debug, Deserialize, BridgeResource)]
#[serde(rename_all = "camelCase")]
#[bridge(account, name = "Users")]
pub struct User {
    pub id: u32,
    pub email: String,
    pub first_name: String,
    pub last_name: Option<String>,
    pub status: UserState,
    #[bridge(memberships)]
    pub groups: Vec<Ref<Group>>,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, BridgeStatus)]
#[serde(rename_all = "camelCase")]
pub enum UserState {
    #[bridge(active)]
    Enabled,
    #[bridge(suspended)]
    Locked,
}

impl UserState {
    pub fn as_str(self) -> &'static str {
        match self {
            UserState::Enabled => "enabled",
            UserState::Locked => "locked",
        }
    }
}
