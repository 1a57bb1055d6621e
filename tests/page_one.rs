//! The program that the project exists for, as a user writes it, with a stand-in for the user's database.
#![allow(dead_code)]

use iden_bridge::prelude::*;

#[derive(BridgeResource)]
#[bridge(group)] // slug "team", name "Team": from the type's name
struct Team {
    id: String,
    name: String,
}

#[derive(BridgeResource)]
#[bridge(license, slug = "seat", name = "Seats")]
struct Seat {
    #[bridge(id)]
    sku: String,
    name: String,
}

#[derive(BridgeResource)]
#[bridge(account, slug = "employee", name = "Employees")]
struct Employee {
    #[bridge(id)]
    number: u32,
    email: String,
    first_name: String,
    #[bridge(last_name)]
    surname: Option<String>,
    status: Employment,
    #[bridge(memberships)]
    teams: Vec<Ref<Team>>,
    #[bridge(assignments)]
    seats: Vec<Ref<Seat>>,
    #[bridge(skip)]
    salary: u64,
}

#[derive(BridgeStatus)]
enum Employment {
    #[bridge(active)]
    Employed,
    #[bridge(suspended)]
    OnLeave,
    #[bridge(inactive)]
    Left,
}

struct Hr {
    db: Db,
}

impl Hr {
    async fn open(settings: Settings) -> std::io::Result<Hr> {
        Ok(Hr { db: Db { path: settings.database } })
    }
}

#[derive(serde::Deserialize)]
struct Settings {
    database: std::path::PathBuf,
}

impl Source<Team> for Hr {
    async fn read(&self, out: &Out<Team>) -> Result<(), SourceError> {
        out.push(Team { id: "t".into(), name: "Team".into() }).await;
        Ok(())
    }
}

impl Source<Seat> for Hr {
    async fn read(&self, _: &Out<Seat>) -> Result<(), SourceError> {
        Ok(())
    }
}

impl Source<Employee> for Hr {
    async fn read(&self, out: &Out<Employee>) -> Result<(), SourceError> {
        let mut rows = self.db.employees();
        while let Some(row) = rows.next().await? {
            match row.into_employee() {
                Ok(employee) => out.push(employee).await,
                Err((number, why)) => out.unreadable(number, why).await,
            }
        }
        Ok(())
    }

    async fn find(&self, id: &u32) -> Result<Option<Employee>, SourceError> {
        let mut rows = self.db.employees();
        while let Some(row) = rows.next().await? {
            if row.0 == *id {
                return Ok(row.into_employee().ok());
            }
        }
        Ok(None)
    }
}

#[derive(Debug, thiserror::Error, BridgeError)]
enum HrError {
    #[error("no such person")]
    #[bridge(code = "account_not_found")]
    NoSuchPerson,
    #[error("the database is locked")]
    #[bridge(retry)]
    Locked,
    #[error(transparent)]
    #[bridge(unknown)]
    Db(#[from] std::io::Error),
}

#[bridge_task(verify = hired)] // the payload type is the route: (create_account, "employee")
async fn hire(cx: TaskContext<Hr>, task: CreateAccount<Employee>) -> Result<Created<Employee>, HrError> {
    let teams = task.memberships::<Team>().unwrap_or_default();
    Ok(Created::new(cx.db.insert(task.email(), &teams, &cx.task.key)?))
}

async fn hired(cx: &TaskContext<Hr>, task: &CreateAccount<Employee>) -> Result<Probe<Created<Employee>>, HrError> {
    let _ = (cx, task);
    Ok(Probe::NotApplied)
}

#[bridge_task(timeout = "10s")]
async fn suspend(cx: TaskContext<Hr>, task: SuspendAccount<Employee>) -> Result<(), HrError> {
    let _ = cx;
    if *task.id() < 3 { Ok(()) } else { Err(HrError::NoSuchPerson) }
}

// `#[tokio::main] async fn main` in a program.
async fn program() -> ExitCode {
    Connector::builder("Acme HR", Hr::open)
        .resource::<Team>()
        .resource::<Seat>()
        .resource::<Employee>()
        .tasks(tasks![hire, suspend])
        .main()
        .await
}

// ---------------------------------------------------------------------------------------------- the user's database

struct Db {
    path: std::path::PathBuf,
}

struct Rows(Vec<Row>);

struct Row(u32, &'static str);

impl Rows {
    async fn next(&mut self) -> std::io::Result<Option<Row>> {
        Ok(self.0.pop())
    }
}

impl Row {
    fn into_employee(self) -> Result<Employee, (u32, String)> {
        let status = match self.1 {
            "on" => Employment::Employed,
            other => return Err((self.0, format!("status `{other}`"))),
        };
        Ok(Employee {
            number: self.0,
            email: format!("{}@acme.example", self.0),
            first_name: "Ada".into(),
            surname: None,
            status,
            teams: vec![Ref::new("t")],
            seats: vec![],
            salary: 1,
        })
    }
}

impl Db {
    fn employees(&self) -> Rows {
        Rows(vec![Row(2, "?"), Row(1, "on")])
    }

    fn insert(&self, email: Option<&str>, teams: &[Ref<Team>], key: &str) -> std::io::Result<u32> {
        let _ = (email, teams, key);
        Ok(7)
    }
}

mod tests {
    use iden_bridge::testing::{self, TaskOutcome};
    use serde_json::json;

    use super::*;

    fn hr() -> Hr {
        Hr { db: Db { path: "hr.sqlite".into() } }
    }

    #[tokio::test]
    async fn a_source_yields_what_is_mapped_and_names_what_is_not() {
        let read = testing::read::<Employee>(&hr()).await;
        let ada = json!({"id": "1", "email": "1@acme.example", "first_name": "Ada", "status": "active",
            "memberships": {"team": ["t"]}, "assignments": {"seat": []}});
        assert_eq!(read.records, [ada]);
        assert_eq!(read.unreadable, [(Some("2".to_owned()), "status `?`".to_owned())]);
        assert!(read.end.is_ok());
    }

    #[tokio::test]
    async fn a_handler_is_an_ordinary_function() {
        let task =
            CreateAccount::test(json!({"account": {"email": "ann@acme.example"}, "memberships": {"team": ["t"]}}));
        assert_eq!(hire(TaskContext::test(hr()), task).await.unwrap(), Created::new(7));
        let unknown = SuspendAccount::test(json!({"account": {"id": "9"}}));
        let error = suspend(TaskContext::test(hr()), unknown).await.unwrap_err();
        assert_eq!(error.into_task_error().code(), "account_not_found");
    }

    #[tokio::test]
    async fn the_engine_routes_by_the_payloads_type() {
        let tasks = || tasks![hire, suspend];
        let payload = json!({"account": {"email": "ann@acme.example"}});
        let outcome = testing::run(&tasks(), hr(), "create_account", "employee", payload).await;
        assert_eq!(outcome, TaskOutcome::Completed(Some(json!({"id": "7"}))));
        let outcome =
            testing::run(&tasks(), hr(), "suspend_account", "employee", json!({"account": {"id": "ann"}})).await;
        assert!(matches!(outcome, TaskOutcome::Failed { code, .. } if code == "invalid_payload"));
        let outcome = testing::run(&tasks(), hr(), "delete_account", "employee", json!({"account": {"id": "1"}})).await;
        assert!(matches!(outcome, TaskOutcome::Failed { code, .. } if code == "unsupported_action"));
    }
}
