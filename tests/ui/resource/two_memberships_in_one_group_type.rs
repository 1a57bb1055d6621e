// All memberships in one type stand in one field.
use iden_bridge::prelude::*;

#[derive(BridgeResource)]
#[bridge(group)]
struct Team {
    id: u32,
    name: String,
}

#[derive(BridgeResource)]
#[bridge(account)]
struct Employee {
    id: u32,
    email: String,
    #[bridge(memberships)]
    teams: Vec<Ref<Team>>,
    #[bridge(memberships)]
    lead: Option<Ref<Team>>,
}

fn main() {}
