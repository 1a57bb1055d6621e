// A struct without fields has no id.
use iden_bridge::prelude::*;

#[derive(BridgeResource)]
#[bridge(group)]
struct Team;

fn main() {}
