// A display name is what people read.
use iden_bridge::prelude::*;

#[derive(BridgeResource)]
#[bridge(group, name = "Sales\u{200b}")]
struct Team {
    id: u32,
    name: String,
}

fn main() {}
