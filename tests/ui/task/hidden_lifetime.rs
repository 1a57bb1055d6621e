// A view without its lifetime is no type here.
use iden_bridge::prelude::*;

#[derive(BridgeResource)]
#[bridge(account)]
struct View<'a> {
    id: u32,
    email: &'a str,
}

struct Hr;

#[bridge_task]
async fn suspend(_cx: TaskContext<Hr>, _task: SuspendAccount<View>) -> Result<(), TaskError> {
    Ok(())
}

fn main() {}
