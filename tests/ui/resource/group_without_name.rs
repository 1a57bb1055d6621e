// Groups and licenses have a name.
use iden_bridge::prelude::*;

#[derive(BridgeResource)]
#[bridge(group)]
struct Team {
    id: u32,
    description: String,
}

fn main() {}
