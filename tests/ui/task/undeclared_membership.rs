// A payload has only the memberships that its account type declares.
use iden_bridge::prelude::*;

#[derive(BridgeResource)]
#[bridge(account)]
struct Employee {
    id: u32,
    email: String,
}

struct Hr;

#[derive(BridgeResource)]
#[bridge(group)]
struct Team {
    id: u32,
    name: String,
}

#[bridge_task]
async fn update(_cx: TaskContext<Hr>, task: UpdateAccount<Employee>) -> Result<(), TaskError> {
    let _ = task.memberships::<Team>();
    Ok(())
}

fn main() {}
