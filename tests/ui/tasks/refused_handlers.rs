// A handler that was refused is not refused again by the list.
use iden_bridge::prelude::*;

#[derive(BridgeResource)]
#[bridge(account)]
struct Employee {
    id: u32,
    email: String,
}

struct Hr;

impl Source<Employee> for Hr {
    async fn read(&self, _out: &Out<Employee>) -> Result<(), SourceError> {
        Ok(())
    }
}

#[bridge_task]
async fn too_few(_cx: TaskContext<Hr>) -> Result<(), TaskError> {
    Ok(())
}

#[bridge_task]
async fn too_many(_cx: TaskContext<Hr>, _task: UpdateAccount<Employee>, _more: u8) -> Result<(), TaskError> {
    Ok(())
}

#[bridge_task]
async fn unnamed(_cx: TaskContext<Hr>, _task: DeleteAccount<Employee>) -> impl Sized {}

#[bridge_task]
struct Suspend;

#[bridge_task]
async fn fine(_cx: TaskContext<Hr>, _task: SuspendAccount<Employee>) -> Result<(), TaskError> {
    Ok(())
}

fn main() {
    let _ = tasks![too_few, too_many, unnamed, Suspend, fine];
}
