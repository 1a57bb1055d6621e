// A handler that is in no list gets the compiler's own warning, once; here it is made an error.
#![deny(dead_code)]

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
    Ok(())
}

fn main() {
    let _ = (Hr, Employee { id: 1, email: String::new() });
}
