// Handlers are async.
use iden_bridge::prelude::*;

#[derive(BridgeResource)]
#[bridge(account)]
struct Employee {
    id: u32,
    email: String,
}

struct Hr;

#[bridge_task]
fn suspend(_cx: TaskContext<Hr>, _task: SuspendAccount<Employee>) -> Result<(), TaskError> {
    Ok(())
}

fn main() {}
