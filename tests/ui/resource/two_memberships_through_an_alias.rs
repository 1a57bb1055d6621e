// An alias is the same type: then the compiler says so.
use iden_bridge::prelude::*;

#[derive(BridgeResource)]
#[bridge(group)]
struct Team {
    id: u32,
    name: String,
}

type Squad = Team;

#[derive(BridgeResource)]
#[bridge(account)]
struct Employee {
    id: u32,
    email: String,
    #[bridge(memberships)]
    teams: Vec<Ref<Team>>,
    #[bridge(memberships)]
    squads: Vec<Ref<Squad>>,
}

fn main() {}
