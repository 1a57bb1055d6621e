// A comma separates the keys of an attribute.
use iden_bridge::prelude::*;

#[derive(BridgeResource)]
#[bridge(account, slug = "employee" name = "Employees")]
struct Employee {
    #[bridge(id username)]
    login: String,
    email: String,
}

fn main() {}
