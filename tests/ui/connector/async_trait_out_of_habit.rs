// `Source` has native async fns: `#[async_trait]` does not fit.
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

#[async_trait::async_trait]
impl Source<Employee> for Hr {
    async fn read(&self, _: &Out<Employee>) -> Result<(), SourceError> { Ok(()) }
}

fn main() {}
