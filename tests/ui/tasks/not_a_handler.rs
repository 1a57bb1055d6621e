// Only functions with `#[bridge_task]` are handlers.
use iden_bridge::prelude::*;

struct Plain;

fn main() {
    let _ = tasks![Plain];
}
