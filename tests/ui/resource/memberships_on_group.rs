// Only accounts have memberships.
use iden_bridge::prelude::*;

#[derive(BridgeResource)]
#[bridge(group)]
struct Team {
    id: u32,
    name: String,
    #[bridge(memberships)]
    members: Vec<Ref<Team>>,
}

fn main() {}
