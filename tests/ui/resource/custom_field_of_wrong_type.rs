// A field outside the protocol is text, a number, `bool` or JSON.
use iden_bridge::prelude::*;

struct Desk;

#[derive(BridgeResource)]
#[bridge(account)]
struct Employee {
    id: u32,
    email: String,
    #[bridge(field = "desk")]
    desk: Option<Desk>,
}

fn main() {}
