// Every resource has one field that identifies a record.
use iden_bridge::prelude::*;

#[derive(BridgeResource)]
#[bridge(group)]
struct Team {
    name: String,
}

fn main() {}
