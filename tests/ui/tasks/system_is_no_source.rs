// A handler's system must be able to read the accounts that its tasks are about.
use iden_bridge::prelude::*;

#[derive(BridgeResource)]
#[bridge(account)]
struct Employee {
    id: u32,
    email: String,
}

struct Hr;

#[bridge_task]
async fn suspend(_cx: TaskContext<Hr>, _task: SuspendAccount<Employee>) -> Result<(), TaskError> {
    Ok(())
}

fn main() {
    let _ = tasks![suspend];
}
