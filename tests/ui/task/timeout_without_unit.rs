// A duration has a unit.
use iden_bridge::prelude::*;

#[derive(BridgeResource)]
#[bridge(account)]
struct Employee {
    id: u32,
    email: String,
}

struct Hr;

#[bridge_task(timeout = 10)]
async fn lock(_cx: TaskContext<Hr>, _task: SuspendAccount<Employee>) -> Result<(), TaskError> {
    Ok(())
}

#[bridge_task(timeout = "10")]
async fn unlock(_cx: TaskContext<Hr>, _task: UnsuspendAccount<Employee>) -> Result<(), TaskError> {
    Ok(())
}

fn main() {}
