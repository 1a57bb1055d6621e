// A status is an enum that says which variant is which.
use iden_bridge::prelude::*;

enum Employment {
    Employed,
    Left,
}

#[derive(BridgeResource)]
#[bridge(account)]
struct Employee {
    id: u32,
    email: String,
    status: Employment,
}

fn main() {}
