// Iden knows people by e-mail address or login name.
use iden_bridge::prelude::*;

#[derive(BridgeResource)]
#[bridge(account)]
struct Employee {
    id: u32,
    first_name: String,
}

fn main() {}
