// A record has fields, so a resource is a struct.
use iden_bridge::prelude::*;

#[derive(BridgeResource)]
#[bridge(group)]
enum Team {
    Red,
    Blue,
}

fn main() {}
