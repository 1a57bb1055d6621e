// A handler takes a context and a payload.
use iden_bridge::prelude::*;

#[derive(BridgeResource)]
#[bridge(account)]
struct Employee {
    id: u32,
    email: String,
}

struct Hr;

#[bridge_task]
async fn suspend(_task: SuspendAccount<Employee>) -> Result<(), TaskError> {
    Ok(())
}

fn main() {}
