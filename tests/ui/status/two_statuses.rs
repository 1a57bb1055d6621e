// A variant is one status.
use iden_bridge::prelude::*;

#[derive(BridgeStatus)]
enum Employment {
    #[bridge(active, suspended)]
    Employed,
    #[bridge(inactive = "left")]
    Left,
}

fn main() {}
