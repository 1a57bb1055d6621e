// A type can be added only if the system is a source of it.
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

async fn open(_: NoSettings) -> Result<Hr, std::io::Error> { Ok(Hr) }

fn main() {
    let _ = Connector::builder("Acme HR", open).resource::<Employee>().resource::<Team>();
}
