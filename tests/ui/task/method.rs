// Handlers are free functions; the system comes with the context.
use iden_bridge::prelude::*;

#[derive(BridgeResource)]
#[bridge(account)]
struct Employee {
    id: u32,
    email: String,
}

struct Hr;

impl Hr {
    #[bridge_task]
    async fn suspend(&self, _task: SuspendAccount<Employee>) -> Result<(), TaskError> {
        Ok(())
    }
}

fn main() {}
