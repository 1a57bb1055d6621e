// `with` says how a field is written, not as what.
use iden_bridge::prelude::*;

#[derive(BridgeResource)]
#[bridge(account)]
struct Employee {
    id: u32,
    email: String,
    #[bridge(with = euros)]
    salary: u64,
}

fn euros(salary: &u64) -> String {
    salary.to_string()
}

fn main() {}
