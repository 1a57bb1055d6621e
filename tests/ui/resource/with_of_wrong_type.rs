// What a `with` function returns is judged at its path.
use iden_bridge::prelude::*;

struct Address(String);

#[derive(BridgeResource)]
#[bridge(account)]
struct Employee {
    id: u32,
    #[bridge(with = convert::address)]
    email: Address,
}

mod convert {
    pub fn address(address: &super::Address) -> Vec<u8> {
        address.0.clone().into_bytes()
    }
}

fn main() {}
