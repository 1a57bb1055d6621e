// A task outlives every borrow.
use iden_bridge::prelude::*;

#[derive(BridgeResource)]
#[bridge(account)]
struct View<'a> {
    id: u32,
    email: &'a str,
}

struct Hr;

#[bridge_task]
async fn suspend<'a>(_cx: TaskContext<Hr>, _task: SuspendAccount<View<'a>>) -> Result<(), TaskError> {
    Ok(())
}

fn main() {}
