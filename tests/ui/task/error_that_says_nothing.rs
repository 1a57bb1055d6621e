// The error says what a failure means to Iden.
use iden_bridge::prelude::*;

#[derive(BridgeResource)]
#[bridge(account)]
struct Employee {
    id: u32,
    email: String,
}

struct Hr;

#[bridge_task]
async fn suspend(_cx: TaskContext<Hr>, _task: SuspendAccount<Employee>) -> Result<(), std::io::Error> {
    Ok(())
}

fn main() {}
