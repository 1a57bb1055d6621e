// What a variant holds says nothing to Iden.
use iden_bridge::prelude::*;

#[derive(Debug, BridgeError)]
enum HrError {
    #[bridge(retry)]
    Busy {
        #[bridge(code = "rate_limited")]
        seconds: u64,
    },
}

impl std::fmt::Display for HrError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self:?}")
    }
}

fn main() {}
