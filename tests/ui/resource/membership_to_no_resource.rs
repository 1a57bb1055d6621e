// The target of a membership is a resource.
use iden_bridge::prelude::*;

struct Laptop;

#[derive(BridgeResource)]
#[bridge(account)]
struct Employee {
    id: u32,
    email: String,
    #[bridge(memberships = Laptop)]
    laptops: Vec<String>,
}

fn main() {}
