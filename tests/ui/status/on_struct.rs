// A status is derived on an enum.
use iden_bridge::prelude::*;

#[derive(BridgeStatus)]
struct Employment {
    left: bool,
}

fn main() {}
