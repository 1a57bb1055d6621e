// `with` names a function.
use iden_bridge::prelude::*;

#[derive(BridgeResource)]
#[bridge(account)]
struct Employee {
    id: u32,
    #[bridge(with = |email| email.clone())]
    email: String,
}

fn main() {}
