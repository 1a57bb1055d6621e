// Every handler of a connector works on the same system.
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

impl Source<Employee> for Hr {
    async fn read(&self, _: &Out<Employee>) -> Result<(), SourceError> { Ok(()) }
}

struct Payroll;

impl Source<Employee> for Payroll {
    async fn read(&self, _: &Out<Employee>) -> Result<(), SourceError> { Ok(()) }
}

async fn open(_: NoSettings) -> Result<Hr, std::io::Error> { Ok(Hr) }

#[bridge_task]
async fn suspend(_cx: TaskContext<Payroll>, _task: SuspendAccount<Employee>) -> Result<(), TaskError> { Ok(()) }

fn main() {
    let _ = Connector::builder("Acme HR", open).resource::<Employee>().tasks(tasks![suspend]);
}
