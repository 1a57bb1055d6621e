//! What every region has.

use iden_bridge::prelude::*;

#[derive(BridgeResource)]
#[bridge(group, name = "Teams")]
pub struct Team {
    pub id: String,
    pub name: String,
}

#[derive(Debug, BridgeResource)]
#[bridge(account, name = "Employees")]
pub struct Employee {
    pub id: String,
    pub email: String,
    pub display_name: String,
    /// `false`: on leave.
    #[bridge(status, with = presence)]
    pub present: bool,
    /// Everybody works in one team.
    #[bridge(memberships)]
    pub team: Ref<Team>,
}

/// A `bool` by itself would mean active or inactive.
fn presence(present: &bool) -> Status {
    if *present { Status::Active } else { Status::Suspended }
}
