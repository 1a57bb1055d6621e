// A field of the struct is one field of the record.
use iden_bridge::prelude::*;

#[derive(BridgeResource)]
#[bridge(account)]
struct Employee {
    id: u32,
    #[bridge(email, username)]
    mail: String,
    #[bridge(first_name, field = "given")]
    given: String,
}

fn main() {}
