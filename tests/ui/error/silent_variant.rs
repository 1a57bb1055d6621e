// Nobody should guess whether the effect happened.
use iden_bridge::prelude::*;

#[derive(BridgeError)]
enum HrError {
    #[bridge(code = "account_not_found")]
    Gone,
    Http(u16),
}

impl std::fmt::Display for HrError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("failed")
    }
}

fn main() {}
