// All mistakes of one struct are shown at once, each where it is.
use iden_bridge::prelude::*;

#[derive(BridgeResource)]
#[bridge(account, slug = "Employees!", nmae = "Employees")]
struct Employee {
    number: u32,
    #[bridge(id)]
    key: u32,
    #[bridge(id)]
    uid: u32,
    email: String,
    #[bridge(email)]
    second_email: String,
    #[bridge(memberships)]
    teams: Vec<String>,
}

fn elsewhere(out: &Out<Employee>) -> &Out<Employee> {
    // No second wave: what uses the type is still checked as if it were right.
    out
}

fn main() {}
