//! The secrets that are planted, and handlers that are given them and treat them as handlers do.

use std::sync::Mutex;

use bridge_sandbox::NewTask;
use iden_bridge::{Tasks, payload::TaskPayload, prelude::*};
use serde_json::{Value, json};

use crate::{
    canary_search::Secret as Planted,
    company::{Employee, Hr, employee},
};

// Signs that JSON, URLs and terminals escape, in each of them that may have any.
pub const KEY: Planted = Planted { name: "API key", text: r#"wombat-7Q"/+\%xylophone_41"# };
pub const RESET: Planted = Planted { name: "password of reset_password", text: "Plum\"Tango/55+é~Rhubarb" };
pub const FIRST: Planted = Planted { name: "password of create_account", text: "Mango&Quartz\\88=Nimbus" };
pub const GIVEN: Planted = Planted { name: "password in a payload", text: "Kiwi'Falcon<31>Glacier?" };
/// In the text of a foreign error: for the log alone.
pub const TOKEN: Planted = Planted { name: "token in a foreign error", text: "tok_Sphinx90Juniper_Bramble" };
/// What `company::employee` has: nine digits.
pub const SALARY: Planted = Planted { name: "skipped field", text: "987654321" };

/// The number of whoever is hired.
pub const NEW: u32 = 77;

/// What was shown of payloads and outcomes: `Debug`, as a developer would print it.
pub static SHOWN: Mutex<Vec<String>> = Mutex::new(Vec::new());

fn show(what: &impl std::fmt::Debug) {
    SHOWN.lock().unwrap().push(format!("{what:?} {what:#?}"));
}

fn show_payload<T: TaskPayload + std::fmt::Debug>(task: &T) {
    show(task);
}

/// A task with a password wherever one could stand, and with others that it is not read from.
pub fn task(action: &str, account: &Value) -> NewTask {
    let mut account = account.clone();
    account["password"] = json!(GIVEN.text);
    account["extra"] = json!({ "credentials": [{ "secret": GIVEN.text }] });
    NewTask::new(action, "employee").account(account).changes(json!({ "password": GIVEN.text, "first_name": "Ada" }))
}

#[bridge_task(on_interrupt = fail)]
async fn hire(cx: TaskContext<Hr>, task: CreateAccount<Employee>) -> Result<Created<Employee>, TaskError> {
    show_payload(&task);
    cx.effect();
    cx.people.lock().unwrap().insert(NEW, employee(NEW));
    let created = Created::new(NEW).with_password(Secret::new(FIRST.text));
    show(&created);
    Ok(created)
}

#[bridge_task]
async fn reset(cx: TaskContext<Hr>, task: ResetPassword<Employee>) -> Result<NewPassword, TaskError> {
    show_payload(&task);
    cx.effect();
    let password = NewPassword::temporary(Secret::new(RESET.text));
    show(&password);
    show(&password.password());
    Ok(password)
}

/// A foreign error, whose text has a token as the URLs of some systems do.
#[bridge_task(retry = 2)]
async fn change(cx: TaskContext<Hr>, task: UpdateAccount<Employee>) -> Result<(), TaskError> {
    show_payload(&task);
    show(&cx.task);
    cx.effect();
    let url = format!("GET https://hr.example/?token={}: 503", TOKEN.text);
    Err(std::io::Error::other(url))?
}

#[bridge_task(retry = 2)]
async fn suspend(cx: TaskContext<Hr>, task: SuspendAccount<Employee>) -> Result<(), TaskError> {
    show_payload(&task);
    cx.effect();
    let given = task.raw()["account"]["password"].as_str().unwrap();
    assert_eq!(given.len(), 0, "the handler panics, and says only how long it was");
    Ok(())
}

/// Nobody can tell what became of it.
#[bridge_task(verify = resumed)]
async fn resume(cx: TaskContext<Hr>, task: UnsuspendAccount<Employee>) -> Result<(), TaskError> {
    show_payload(&task);
    cx.effect();
    Err(TaskError::unknown("the line was cut").with_cause(std::io::Error::other(TOKEN.text)))
}

async fn resumed(_: &TaskContext<Hr>, task: &UnsuspendAccount<Employee>) -> Result<Probe<()>, TaskError> {
    show_payload(task);
    Ok(Probe::Unknown)
}

#[bridge_task(retry = 3)]
async fn leave(cx: TaskContext<Hr>, task: DeleteAccount<Employee>) -> Result<(), TaskError> {
    show_payload(&task);
    cx.effect();
    let stop = cx.task_stop.lock().unwrap().take();
    match stop {
        Some(stop) => stop.wait().await,
        None => return Err(TaskError::retry("the system is busy").with_cause(std::io::Error::other(TOKEN.text))),
    }
    Ok(())
}

pub fn tasks() -> Tasks<Hr> {
    tasks![hire, reset, change, suspend, resume, leave]
}

/// What nobody should write: it logs the password that it was given, and says it to Iden.
#[bridge_task]
async fn talk(_cx: TaskContext<Hr>, task: SuspendAccount<Employee>) -> Result<(), TaskError> {
    let given = task.raw()["account"]["password"].as_str().unwrap();
    tracing::debug!(password = given, "suspending");
    Err(TaskError::fail("internal_error", format_args!("not with {given}")))
}

pub fn talkative() -> Tasks<Hr> {
    tasks![talk]
}
