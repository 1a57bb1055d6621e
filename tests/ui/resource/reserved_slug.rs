// Iden has a path `…/complete/` where a slug would stand. The slug made from a type's name is checked, too.
use iden_bridge::prelude::*;

#[derive(BridgeResource)]
#[bridge(group)]
struct Complete {
    id: u32,
    name: String,
}

#[derive(BridgeResource)]
#[bridge(group, slug = "abandon")]
struct Team {
    id: u32,
    name: String,
}

fn main() {}
