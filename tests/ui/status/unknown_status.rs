// There are three statuses.
use iden_bridge::prelude::*;

#[derive(BridgeStatus)]
enum Employment {
    #[bridge(actve)]
    Employed,
    #[bridge(retired)]
    Left,
}

fn main() {}
