// All handlers of a connector have one system.
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

struct Other;

impl Source<Employee> for Other {
    async fn read(&self, _: &Out<Employee>) -> Result<(), SourceError> {
        Ok(())
    }
}

#[bridge_task]
async fn suspend(_cx: TaskContext<Hr>, _task: SuspendAccount<Employee>) -> Result<(), TaskError> {
    Ok(())
}

#[bridge_task]
async fn unsuspend(_cx: TaskContext<Other>, _task: UnsuspendAccount<Employee>) -> Result<(), TaskError> {
    Ok(())
}

fn main() {
    let _ = tasks![suspend, unsuspend];
}
