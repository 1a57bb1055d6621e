// A new variant must not be taken for active.
use iden_bridge::prelude::*;

#[derive(BridgeStatus)]
enum Employment {
    #[bridge(active)]
    Employed,
    OnLeave,
    #[bridge(inactive)]
    Left,
}

fn main() {}
