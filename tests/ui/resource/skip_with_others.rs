// A skipped field is not sent, so nothing else can be said of it.
use iden_bridge::prelude::*;

#[derive(BridgeResource)]
#[bridge(account)]
struct Employee {
    id: u32,
    email: String,
    #[bridge(skip, field = "salary", with = euros)]
    salary: u64,
}

fn euros(salary: &u64) -> String {
    salary.to_string()
}

fn main() {}
