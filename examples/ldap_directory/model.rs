//! What Iden sees of the directory.

use iden_bridge::prelude::*;
use uuid::Uuid;

/// Ids are `entryUUID`s: a name changes with a marriage, and a DN with a department.
#[derive(Clone, Debug, BridgeResource)]
#[bridge(group, name = "Groups")]
pub struct Group {
    pub id: Uuid,
    pub name: String,
    pub description: Option<String>,
}

#[derive(Clone, Debug, BridgeResource)]
#[bridge(account, name = "People")]
pub struct Person {
    pub id: Uuid,
    pub username: String,
    pub email: Option<String>,
    pub first_name: Option<String>,
    pub last_name: String,
    pub display_name: Option<String>,
    pub status: Access,
    #[bridge(memberships)]
    pub groups: Vec<Ref<Group>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, BridgeStatus)]
pub enum Access {
    #[bridge(active)]
    Open,
    #[bridge(suspended)]
    Locked,
}
