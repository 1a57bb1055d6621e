// A password cannot be read back.
use iden_bridge::prelude::*;

#[derive(BridgeResource)]
#[bridge(account)]
struct Employee {
    id: u32,
    email: String,
}

struct Hr;

#[bridge_task(verify = was_reset)]
async fn reset(_cx: TaskContext<Hr>, _task: ResetPassword<Employee>) -> Result<NewPassword, TaskError> {
    Ok(NewPassword::sent_by_the_system())
}

async fn was_reset(_cx: &TaskContext<Hr>, _task: &ResetPassword<Employee>) -> Result<Probe<NewPassword>, TaskError> {
    Ok(Probe::Unknown)
}

fn main() {}
