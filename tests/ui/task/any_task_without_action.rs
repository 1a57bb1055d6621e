// An `AnyTask` handler names its action.
use iden_bridge::prelude::*;

#[derive(BridgeResource)]
#[bridge(account)]
struct Employee {
    id: u32,
    email: String,
}

struct Hr;

#[bridge_task]
async fn badge(_cx: TaskContext<Hr>, _task: AnyTask<Employee>) -> Result<(), TaskError> {
    Ok(())
}

fn main() {}
