// A borrowed id is sent as text.
use iden_bridge::prelude::*;

#[derive(BridgeResource)]
#[bridge(account)]
struct Row<'a> {
    id: Option<&'a str>,
    email: &'a str,
}

fn main() {}
