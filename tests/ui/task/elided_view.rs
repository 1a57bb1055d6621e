// A borrowed view is named with `'static` in a handler.
use iden_bridge::prelude::*;

#[derive(BridgeResource)]
#[bridge(account)]
struct View<'a> {
    id: u32,
    email: &'a str,
}

struct Hr;

#[bridge_task]
async fn suspend(_cx: TaskContext<Hr>, _task: SuspendAccount<View<'_>>) -> Result<(), TaskError> {
    Ok(())
}

fn main() {}
