// Only a text field can be the id as well.
use iden_bridge::prelude::*;

#[derive(BridgeResource)]
#[bridge(account)]
struct Employee {
    #[bridge(id, status)]
    active: bool,
    email: String,
}

fn main() {}
