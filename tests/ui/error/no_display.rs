// The message is the error's own `Display`.
use iden_bridge::prelude::*;

#[derive(BridgeError)]
enum HrError {
    #[bridge(code = "account_not_found")]
    Gone,
}

fn main() {}
