// A handler is about a type that the system is a source of.
use iden_bridge::prelude::*;

#[derive(BridgeResource)]
#[bridge(group)]
struct Team { id: String, name: String }

#[derive(BridgeResource)]
#[bridge(license)]
struct Seat { id: String, name: String }

#[derive(BridgeResource)]
#[bridge(account)]
struct Employee { id: u32, email: String, #[bridge(memberships)] teams: Vec<Ref<Team>> }


struct Hr;

#[bridge_task]
async fn suspend(_cx: TaskContext<Hr>, _task: SuspendAccount<Employee>) -> Result<(), TaskError> { Ok(()) }

fn main() {
    let _ = tasks![suspend];
}
