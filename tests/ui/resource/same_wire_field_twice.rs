// Two fields cannot be sent under one name.
use iden_bridge::prelude::*;

#[derive(BridgeResource)]
#[bridge(account)]
struct Employee {
    id: u32,
    email: String,
    #[bridge(email)]
    private_mail: String,
    #[bridge(field = "desk")]
    desk: u16,
    #[bridge(field = "desk")]
    second_desk: u16,
}

fn main() {}
