// The attribute stands on a function.
use iden_bridge::prelude::*;

#[bridge_task]
struct Suspend;

fn main() {}
