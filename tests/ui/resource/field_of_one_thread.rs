// Records cross threads, so their fields do.
use std::{cell::RefCell, rc::Rc};

use iden_bridge::prelude::*;

#[derive(BridgeResource)]
#[bridge(account)]
struct Employee {
    id: u32,
    email: Rc<str>,
    #[bridge(skip)]
    seen: RefCell<u8>,
}

struct Hr;

impl Source<Employee> for Hr {
    async fn read(&self, _out: &Out<Employee>) -> Result<(), SourceError> {
        Ok(())
    }
}

fn main() {}
