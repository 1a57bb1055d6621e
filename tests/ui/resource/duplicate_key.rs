// Each key is given once.
use iden_bridge::prelude::*;

#[derive(BridgeResource)]
#[bridge(group, slug = "team", slug = "squad")]
struct Team {
    #[bridge(id, id)]
    key: u32,
    name: String,
}

fn main() {}
