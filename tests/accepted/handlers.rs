// Handlers in modules, over account types, of other actions; private types, aliases, patterns.
use iden_bridge::prelude::*;

#[derive(BridgeResource)]
#[bridge(account)]
struct Employee {
    id: u32,
    email: String,
}

#[derive(BridgeResource)]
#[bridge(account)]
struct Robot {
    id: String,
    #[bridge(username)]
    name: String,
}

struct Hr;

impl Source<Employee> for Hr {
    async fn read(&self, _: &Out<Employee>) -> Result<(), SourceError> {
        Ok(())
    }
}

impl Source<Robot> for Hr {
    async fn read(&self, _: &Out<Robot>) -> Result<(), SourceError> {
        Ok(())
    }
}

type Context = TaskContext<Hr>;
type Suspend<R> = SuspendAccount<R>;
type Done<T = ()> = Result<T, TaskError>;

mod leaving {
    use super::*;

    // `Hr` and `Employee` are private, the handler is not.
    #[bridge_task]
    pub async fn suspend<R: iden_bridge::Account>(cx: Context, task: Suspend<R>) -> Done {
        let _ = (cx.task.attempt, task.email());
        Ok(())
    }

    #[bridge_task(on_interrupt = fail, timeout = "500ms", retry = 1)]
    pub async fn delete(_: Context, _: DeleteAccount<Employee>) -> Done {
        Ok(())
    }
}

#[bridge_task(on_interrupt = rerun)]
async fn hire(TaskContext { task: info, .. }: Context, mut task: CreateAccount<Employee>) -> Done<Created<Employee>> {
    let _ = info.key;
    task = task.clone();
    task.email().ok_or_else(|| TaskError::fail("invalid_payload", "no e-mail"))?;
    Ok(Created::new(7))
}

#[bridge_task(action = "grant_vpn", verify = granted)]
async fn grant(_: Context, task: AnyTask<Employee>) -> Done {
    let _ = task.raw();
    Ok(())
}

async fn granted(_: &Context, _: &AnyTask<Employee>) -> Done<Probe<()>> {
    Ok(Probe::Applied(()))
}

// Beside a typed handler of the same route: the typed one goes first.
#[bridge_task(action = "suspend_account")]
async fn any_suspend(_: Context, _: AnyTask<Employee>) -> Done {
    Ok(())
}

#[deprecated]
#[allow(clippy::unused_async)]
#[bridge_task]
async fn reset(_: Context, _: ResetPassword<Employee>) -> Done<NewPassword> {
    Ok(NewPassword::sent_by_the_system())
}

#[bridge_task]
#[cfg(any())]
async fn never(_: Missing) {}

use leaving::delete;

#[allow(deprecated)]
pub(super) fn main() {
    let tasks =
        tasks![hire, leaving::suspend::<Employee>, leaving::suspend::<Robot>, delete, grant, any_suspend, reset,];
    let routes: Vec<_> = tasks.entries().iter().map(|entry| entry.route().to_string()).collect();
    assert_eq!(routes[2], "`suspend_account` on `robot`");
    assert_eq!(routes[4], "`grant_vpn` on `employee`");
    // Handlers stay functions.
    drop(hire(TaskContext::test(Hr), CreateAccount::test(serde_json::json!({"account": {"email": "a@x"}}))));
    let _ = (Employee { id: 1, email: String::new() }, Robot { id: String::new(), name: String::new() });
}
