// A create says what an interruption means: nobody knows then whether the account is there.
use iden_bridge::prelude::*;

#[derive(BridgeResource)]
#[bridge(account)]
struct Employee {
    id: u32,
    email: String,
}

struct Hr;

#[bridge_task]
async fn hire(_cx: TaskContext<Hr>, _task: CreateAccount<Employee>) -> Result<Created<Employee>, TaskError> {
    Ok(Created::new(7))
}

fn main() {}
