// Each value is judged where it stands, all at once.
use iden_bridge::prelude::*;

#[derive(BridgeResource)]
#[bridge(account)]
struct Employee {
    id: u32,
    email: String,
}

struct Hr;

#[bridge_task(timeout = "2h", retry = 0, on_interrupt = never, action = "Print Badge", timout = "1s")]
async fn badge(_cx: TaskContext<Hr>, _task: AnyTask<Employee>) -> Result<(), TaskError> {
    Ok(())
}

fn main() {}
