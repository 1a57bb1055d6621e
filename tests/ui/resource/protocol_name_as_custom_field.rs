// A name of the protocol is not a name of one's own.
use iden_bridge::prelude::*;

#[derive(BridgeResource)]
#[bridge(account)]
struct Employee {
    id: u32,
    #[bridge(field = "email")]
    mail: String,
    #[bridge(field = "description")]
    about: String,
    #[bridge(field = "")]
    desk: String,
    username: String,
}

fn main() {}
