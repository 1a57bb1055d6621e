// The time to wait is a duration.
use iden_bridge::prelude::*;

#[derive(BridgeError)]
enum HrError {
    #[bridge(retry = "soon")]
    Busy,
    #[bridge(retry = 30)]
    Full,
    #[bridge(retry = "0s")]
    Now,
}

impl std::fmt::Display for HrError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("failed")
    }
}

fn main() {}
