// What a handler returns follows from its payload.
use iden_bridge::prelude::*;

#[derive(BridgeResource)]
#[bridge(account)]
struct Employee {
    id: u32,
    email: String,
}

struct Hr;

#[bridge_task(on_interrupt = fail)]
async fn hire(_cx: TaskContext<Hr>, _task: CreateAccount<Employee>) -> Result<u32, TaskError> {
    Ok(7)
}

fn main() {}
