// The words stand on the variants.
use iden_bridge::prelude::*;

#[derive(BridgeStatus)]
#[bridge(active)]
enum Employment {
    Employed,
}

fn main() {}
