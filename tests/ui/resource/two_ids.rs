// Two fields cannot both identify a record.
use iden_bridge::prelude::*;

#[derive(BridgeResource)]
#[bridge(group)]
struct Team {
    id: u32,
    #[bridge(id)]
    key: String,
    name: String,
}

fn main() {}
