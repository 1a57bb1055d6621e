// The context comes first.
use iden_bridge::prelude::*;

#[derive(BridgeResource)]
#[bridge(account)]
struct Employee {
    id: u32,
    email: String,
}

struct Hr;

#[bridge_task]
async fn suspend(_task: SuspendAccount<Employee>, _cx: TaskContext<Hr>) -> Result<(), TaskError> {
    Ok(())
}

fn main() {}
