// A membership points to a group, an assignment to a license.
use iden_bridge::prelude::*;

#[derive(BridgeResource)]
#[bridge(group)]
struct Team {
    id: u32,
    name: String,
}

#[derive(BridgeResource)]
#[bridge(license)]
struct Seat {
    id: u32,
    name: String,
}

#[derive(BridgeResource)]
#[bridge(account)]
struct Employee {
    id: u32,
    email: String,
    #[bridge(memberships)]
    seats: Vec<Ref<Seat>>,
    #[bridge(assignments)]
    teams: Vec<Ref<Team>>,
}

fn main() {}
