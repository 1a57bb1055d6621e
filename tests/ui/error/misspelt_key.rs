// A misspelt key is not ignored.
use iden_bridge::prelude::*;

#[derive(BridgeError)]
enum HrError {
    #[bridge(rety)]
    Busy,
    #[bridge(cod = "gone")]
    Gone,
}

impl std::fmt::Display for HrError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("failed")
    }
}

fn main() {}
