// A resource says what it is; a field named `email` does not make it an account.
use iden_bridge::prelude::*;

#[derive(BridgeResource)]
struct Employee {
    id: u32,
    email: String,
}

fn main() {}
