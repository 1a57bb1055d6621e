// A source of employees pushes employees.
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
    async fn read(&self, out: &Out<Employee>) -> Result<(), SourceError> {
        out.push(Team { id: String::new(), name: String::new() }).await;
        Ok(())
    }
}

fn main() {}
