// The bounds of a generic resource are judged where it is used.
use iden_bridge::prelude::*;

#[derive(BridgeResource)]
#[bridge(account)]
struct Tagged<T> {
    id: u32,
    #[bridge(username)]
    tag: T,
}

struct Hr;

impl Source<Tagged<Vec<u8>>> for Hr {
    async fn read(&self, _: &Out<Tagged<Vec<u8>>>) -> Result<(), SourceError> {
        Ok(())
    }
}

fn main() {}
