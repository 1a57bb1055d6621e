// A resource is one thing.
use iden_bridge::prelude::*;

#[derive(BridgeResource)]
#[bridge(group, license)]
struct Team {
    id: u32,
    name: String,
}

fn main() {}
