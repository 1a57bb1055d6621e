// Fields need names: they are what is sent.
use iden_bridge::prelude::*;

#[derive(BridgeResource)]
#[bridge(group)]
struct Team(u32, String);

fn main() {}
