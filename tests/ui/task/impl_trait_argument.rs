// The types of a handler have names.
use iden_bridge::prelude::*;

#[derive(BridgeResource)]
#[bridge(account)]
struct Employee {
    id: u32,
    email: String,
}

struct Hr;

#[bridge_task]
async fn suspend(_cx: impl Send, _task: SuspendAccount<Employee>) -> Result<(), TaskError> {
    Ok(())
}

fn main() {}
