// The protocol says `last_name`; a field called otherwise says so.
use iden_bridge::prelude::*;

#[derive(BridgeResource)]
#[bridge(account)]
struct Employee {
    id: u32,
    email: String,
    surname: String,
    usrname: String,
}

fn main() {}
