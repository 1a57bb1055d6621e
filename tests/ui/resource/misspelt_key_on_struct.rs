// Nor is one on the struct.
use iden_bridge::prelude::*;

#[derive(BridgeResource)]
#[bridge(acount, slgu = "employee")]
struct Employee {
    id: u32,
    email: String,
}

fn main() {}
