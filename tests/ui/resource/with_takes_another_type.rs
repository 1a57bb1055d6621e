// A `with` function takes a reference to the field.
use iden_bridge::prelude::*;

#[derive(BridgeResource)]
#[bridge(account)]
struct Employee {
    id: u32,
    #[bridge(with = shown)]
    email: Vec<u8>,
}

fn shown(number: &u32) -> String {
    number.to_string()
}

fn main() {}
