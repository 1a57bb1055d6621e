// A field of the protocol is text; other types are converted.
use iden_bridge::prelude::*;

struct Address(String);

#[derive(BridgeResource)]
#[bridge(account)]
struct Employee {
    id: u32,
    email: Address,
    first_name: Vec<String>,
}

fn main() {}
