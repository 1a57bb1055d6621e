// A generic handler is listed for each account type.
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
async fn suspend<R: iden_bridge::Account>(_cx: TaskContext<Hr>, _task: SuspendAccount<R>) -> Result<(), TaskError> {
    Ok(())
}

fn main() {
    let _ = tasks![suspend];
}
