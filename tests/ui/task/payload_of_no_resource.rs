// Tasks are about resources.
use iden_bridge::prelude::*;

struct Robot;
struct Hr;

#[bridge_task]
async fn suspend(_cx: TaskContext<Hr>, _task: SuspendAccount<Robot>) -> Result<(), TaskError> {
    Ok(())
}

fn main() {}
