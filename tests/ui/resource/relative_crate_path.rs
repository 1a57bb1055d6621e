// `crate` is a path from the root.
use iden_bridge::prelude::*;

#[derive(BridgeResource)]
#[bridge(group, crate = iden_bridge)]
struct Team {
    id: u32,
    name: String,
}

#[derive(BridgeResource)]
#[bridge(group, crate = "::iden_bridge")]
struct Squad {
    id: u32,
    name: String,
}

fn main() {}
