// The second argument is a payload: it is the route.
use iden_bridge::prelude::*;

#[derive(BridgeResource)]
#[bridge(account)]
struct Employee {
    id: u32,
    email: String,
}

struct Hr;

#[bridge_task]
async fn suspend(_cx: TaskContext<Hr>, _task: Employee) -> Result<(), TaskError> {
    Ok(())
}

fn main() {}
