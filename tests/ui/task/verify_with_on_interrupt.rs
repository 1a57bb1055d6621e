// `verify` already says what happens after an interruption.
use iden_bridge::prelude::*;

#[derive(BridgeResource)]
#[bridge(account)]
struct Employee {
    id: u32,
    email: String,
}

struct Hr;

#[bridge_task(verify = hired, on_interrupt = rerun)]
async fn hire(_cx: TaskContext<Hr>, _task: CreateAccount<Employee>) -> Result<Created<Employee>, TaskError> {
    Ok(Created::new(7))
}

async fn hired(_cx: &TaskContext<Hr>, _task: &CreateAccount<Employee>) -> Result<Probe<Created<Employee>>, TaskError> {
    Ok(Probe::NotApplied)
}

fn main() {}
