// A handler takes its arguments by value; a `verify` function borrows.
use iden_bridge::prelude::*;

#[derive(BridgeResource)]
#[bridge(account)]
struct Employee {
    id: u32,
    email: String,
}

struct Hr;

#[bridge_task]
async fn suspend(_cx: &TaskContext<Hr>, _task: &SuspendAccount<Employee>) -> Result<(), TaskError> {
    Ok(())
}

fn main() {}
