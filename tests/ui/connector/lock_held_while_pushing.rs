// A lock must not be held while a push waits: the future is not Send.
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


struct Hr { people: std::sync::Mutex<Vec<u32>> }

impl Source<Employee> for Hr {
    async fn read(&self, out: &Out<Employee>) -> Result<(), SourceError> {
        let people = self.people.lock().unwrap();
        for id in people.iter() {
            out.push(Employee { id: *id, email: String::new(), teams: vec![] }).await;
        }
        Ok(())
    }
}

fn main() {}
