// The page of user code that the project exists for, without the connector.
use iden_bridge::prelude::*;

#[derive(BridgeResource)]
#[bridge(group)]
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
    #[allow(dead_code)]
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

#[derive(Debug, thiserror::Error, BridgeError)]
enum HrError {
    #[error("no such person")]
    #[bridge(code = "account_not_found")]
    Gone,
    #[error("busy")]
    #[bridge(retry = "30s", code = "rate_limited")]
    Busy,
    #[error(transparent)]
    #[bridge(unknown)]
    Io(#[from] std::io::Error),
}

struct Hr;

impl Source<Team> for Hr {
    async fn read(&self, out: &Out<Team>) -> Result<(), SourceError> {
        out.push(Team { id: "a".to_owned(), name: "A".to_owned() }).await;
        Ok(())
    }
}

impl Source<Employee> for Hr {
    async fn read(&self, _: &Out<Employee>) -> Result<(), SourceError> {
        Ok(())
    }
}

#[bridge_task(verify = hired)]
async fn hire(cx: TaskContext<Hr>, task: CreateAccount<Employee>) -> Result<Created<Employee>, HrError> {
    let _ = (&cx.task.key, task.email(), task.memberships::<Team>());
    Ok(Created::new(7))
}

async fn hired(
    _: &TaskContext<Hr>,
    _: &CreateAccount<Employee>,
) -> Result<Probe<Created<Employee>>, HrError> {
    Ok(Probe::NotApplied)
}

#[bridge_task(timeout = "10s", retry = 3)]
async fn suspend(_: TaskContext<Hr>, task: SuspendAccount<Employee>) -> Result<(), HrError> {
    let _: &u32 = task.id();
    Err(HrError::Busy)
}

fn main() {
    let tasks: iden_bridge::Tasks<Hr> = tasks![hire, suspend];
    assert_eq!(tasks.entries()[0].route().to_string(), "`create_account` on `employee`");
    let empty: iden_bridge::Tasks<Hr> = tasks![];
    assert!(empty.entries().is_empty());
    let _ = (HrError::Gone, Employment::OnLeave, Employment::Left, Employment::Employed);
    let _ = (Seat { sku: String::new(), name: String::new() }, HrError::from(std::io::Error::other("x")));
    let _ = Employee {
        number: 1,
        email: String::new(),
        first_name: String::new(),
        surname: None,
        status: Employment::Left,
        teams: vec![],
        seats: vec![],
        salary: 0,
    };
}
