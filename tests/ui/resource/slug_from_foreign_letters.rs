// A type's name that makes no slug needs one by hand.
use iden_bridge::prelude::*;

#[derive(BridgeResource)]
#[bridge(group)]
struct Büro {
    id: u32,
    name: String,
}

fn main() {}
