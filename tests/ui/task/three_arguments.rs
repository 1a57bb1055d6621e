// What a handler needs beside the payload is in the system.
use iden_bridge::prelude::*;

#[derive(BridgeResource)]
#[bridge(account)]
struct Employee {
    id: u32,
    email: String,
}

struct Hr;

#[bridge_task]
async fn suspend(
    _cx: TaskContext<Hr>,
    _task: SuspendAccount<Employee>,
    _dry_run: bool,
) -> Result<(), TaskError> {
    Ok(())
}

fn main() {}
