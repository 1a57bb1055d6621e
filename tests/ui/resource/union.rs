// A record has fields, so a resource is a struct.
use iden_bridge::prelude::*;

#[derive(BridgeResource)]
#[bridge(group)]
union Team {
    id: u32,
    name: u32,
}

fn main() {}
