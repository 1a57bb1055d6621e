// A slug stands in URLs.
use iden_bridge::prelude::*;

#[derive(BridgeResource)]
#[bridge(group, slug = "My Team")]
struct Team {
    id: u32,
    name: String,
}

fn main() {}
