// Nothing leaves by accident, and nothing is left out by accident.
use iden_bridge::prelude::*;

#[derive(BridgeResource)]
#[bridge(account)]
struct Employee {
    id: u32,
    email: String,
    salary: u64,
}

fn main() {}
