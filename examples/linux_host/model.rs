//! What Iden sees of a Linux machine.

use iden_bridge::prelude::*;

use crate::name::Name;

#[derive(Clone, Debug, BridgeResource)]
#[bridge(group, slug = "group", name = "Groups")]
pub struct UnixGroup {
    #[bridge(id)]
    pub group: Name,
    pub name: String,
}

#[derive(Clone, Debug, BridgeResource)]
#[bridge(account, name = "Users")]
pub struct User {
    #[bridge(id)]
    pub login: Name,
    pub username: String,
    pub display_name: Option<String>,
    pub status: Access,
    /// The primary group first.
    #[bridge(memberships)]
    pub groups: Vec<Ref<UnixGroup>>,
}

/// Whether somebody can log in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BridgeStatus)]
pub enum Access {
    #[bridge(active)]
    Open,
    /// The account has expired. This is how it is suspended: a locked password alone would still let SSH keys in.
    #[bridge(suspended)]
    Expired,
    /// The shell is `nologin` or `false`. Such accounts own files and run services, and no person uses them.
    #[bridge(inactive)]
    NoShell,
}
