// A number literal is an `i32`, unless it says otherwise.
use iden_bridge::prelude::*;

#[derive(BridgeResource)]
#[bridge(group)]
struct Team {
    id: u32,
    name: String,
}

fn main() {
    let _: Ref<Team> = Ref::new(3);
}
