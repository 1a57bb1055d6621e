//! The smallest connector: a group type, an account type, a handler. `cargo run --example quickstart -- dev --once`

use iden_bridge::prelude::*;
use serde_json::json;
use std::{convert::Infallible, sync::Mutex};

#[derive(BridgeResource)]
#[bridge(group)]
struct Team {
    id: String,
    name: String,
}

#[derive(Clone, BridgeResource)]
#[bridge(account)]
struct Employee {
    id: u32,
    email: String,
    status: bool, // or an enum with `#[derive(BridgeStatus)]`
    memberships: Vec<Ref<Team>>,
}

struct Office(Mutex<Vec<Employee>>); // the external system: here a list in memory

impl Source<Team> for Office {
    async fn read(&self, out: &Out<Team>) -> Result<(), SourceError> {
        out.push(Team { id: "eng".into(), name: "Engineering".into() }).await;
        Ok(()) // says: that was all of them
    }
}

impl Source<Employee> for Office {
    async fn read(&self, out: &Out<Employee>) -> Result<(), SourceError> {
        let everybody = self.0.lock().expect("no handler panics").clone();
        for employee in everybody {
            out.push(employee).await;
        }
        Ok(())
    }
}

#[bridge_task]
async fn suspend(cx: TaskContext<Office>, task: SuspendAccount<Employee>) -> Result<(), TaskError> {
    let mut everybody = cx.0.lock().expect("no handler panics");
    let found = everybody.iter_mut().find(|employee| employee.id == *task.id());
    found.map(|employee| employee.status = false).ok_or_else(|| TaskError::account_not_found(task.id()))
}

async fn open(_: NoSettings) -> Result<Office, Infallible> {
    let new = |id, email: &str| Employee { id, email: email.into(), status: true, memberships: vec![Ref::new("eng")] };
    Ok(Office(Mutex::new(vec![new(1, "ann@acme.example"), new(2, "bob@acme.example")])))
}

#[tokio::main]
async fn main() -> ExitCode {
    let office =
        Connector::builder("Quickstart", open).resource::<Team>().resource::<Employee>().tasks(tasks![suspend]);
    office.rehearsal(|dev| dev.queue::<SuspendAccount<Employee>>(&json!({"account": {"id": "2"}}))).main().await
}
