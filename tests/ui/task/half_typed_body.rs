// A handler that is still being typed keeps its place in the list.
use iden_bridge::prelude::*;

#[derive(BridgeResource)]
#[bridge(account)]
struct Employee {
    id: u32,
    email: String,
}

struct Hr;

impl Source<Employee> for Hr {
    async fn read(&self, _: &Out<Employee>) -> Result<(), SourceError> {
        Ok(())
    }
}

#[bridge_task]
async fn suspend(_cx: TaskContext<Hr>, _task: SuspendAccount<Employee>) -> Result<(), TaskError> {
    _task.
}

fn main() {
    let _ = tasks![suspend];
}
