// The display name is what people read in Iden.
use iden_bridge::prelude::*;

#[derive(BridgeResource)]
#[bridge(group, name = "")]
struct Team {
    id: u32,
    name: String,
}

fn main() {}
