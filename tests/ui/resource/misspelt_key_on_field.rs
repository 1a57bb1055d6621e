// A misspelt key is not ignored.
use iden_bridge::prelude::*;

#[derive(BridgeResource)]
#[bridge(account)]
struct Employee {
    id: u32,
    #[bridge(emial)]
    mail: String,
}

fn main() {}
