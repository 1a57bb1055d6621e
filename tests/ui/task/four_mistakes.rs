// All mistakes of one signature are shown at once, and the list that names the handler adds none.
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

#[bridge_task(retyr = 3)]
fn suspend(_cx: &TaskContext<Hr>, _task: SuspendAccount<Employee>) {}

fn main() {
    let _ = tasks![suspend];
}
