// A key from another framework is not ignored.
use iden_bridge::prelude::*;

#[derive(BridgeResource)]
#[bridge(account)]
struct Employee {
    id: u32,
    #[bridge(email, transform = "lower")]
    mail: String,
}

fn main() {}
