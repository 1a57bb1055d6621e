// Values of `slug`, `name` and `field` are text in quotes.
use iden_bridge::prelude::*;

#[derive(BridgeResource)]
#[bridge(group, slug = team, name)]
struct Team {
    id: u32,
    #[bridge(name = "name")]
    title: String,
}

fn main() {}
