// Each variant says what it means, so it is an enum.
use iden_bridge::prelude::*;

#[derive(BridgeError)]
struct HrError {
    code: u16,
}

fn main() {}
