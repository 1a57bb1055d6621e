// Iden knows some codes; one that is nearly one of them is a typo.
use iden_bridge::prelude::*;

#[derive(BridgeError)]
enum HrError {
    #[bridge(code = "acount_not_found")]
    Gone,
    #[bridge(code = "AccountLocked")]
    Locked,
}

impl std::fmt::Display for HrError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("failed")
    }
}

fn main() {}
