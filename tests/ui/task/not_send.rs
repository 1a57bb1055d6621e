// A handler may move to another thread while it waits.
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
    let shared = std::rc::Rc::new(1);
    wait().await;
    drop(shared);
    Ok(())
}

async fn wait() {}

fn main() {}
