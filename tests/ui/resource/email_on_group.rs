// A group has no e-mail address in the protocol.
use iden_bridge::prelude::*;

#[derive(BridgeResource)]
#[bridge(group)]
struct Team {
    id: u32,
    name: String,
    #[bridge(email)]
    list: String,
    username: String,
}

fn main() {}
