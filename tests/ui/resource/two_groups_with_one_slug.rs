// Memberships in two types with one slug would be sent under one key.
use iden_bridge::prelude::*;

#[derive(BridgeResource)]
#[bridge(group)]
struct Team {
    id: u32,
    name: String,
}

mod project {
    use iden_bridge::prelude::*;

    #[derive(BridgeResource)]
    #[bridge(group)]
    pub struct Team {
        id: u32,
        name: String,
    }
}

#[derive(BridgeResource)]
#[bridge(account)]
struct Employee {
    id: u32,
    email: String,
    #[bridge(memberships)]
    teams: Vec<Ref<Team>>,
    #[bridge(memberships)]
    projects: Vec<Ref<project::Team>>,
}

fn main() {}
