// A list of texts does not say which groups these are.
use iden_bridge::prelude::*;

#[derive(BridgeResource)]
#[bridge(account)]
struct Employee {
    id: u32,
    email: String,
    memberships: Vec<String>,
    #[bridge(assignments)]
    seats: Vec<u32>,
}

fn main() {}
