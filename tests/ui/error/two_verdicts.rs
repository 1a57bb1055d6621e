// A failure means one thing.
use iden_bridge::prelude::*;

#[derive(BridgeError)]
enum HrError {
    #[bridge(retry, unknown)]
    Http,
    #[bridge(final, final)]
    Gone,
}

impl std::fmt::Display for HrError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("failed")
    }
}

fn main() {}
