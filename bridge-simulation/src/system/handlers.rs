//! The handlers: what they do, how they stumble, and that each is seen at work.

use std::sync::Arc;

use iden_bridge::{Tasks, prelude::*};
use uuid::Uuid;

use crate::{
    faults::Fault,
    stage::Stage,
    system::Wanted,
    system::connector::{Employee, PASSWORD, System, Team},
};

/// A handler at work.
struct Busy {
    stage: Arc<Stage>,
    task: Uuid,
}

impl Busy {
    fn begin(stage: &Arc<Stage>, task: Uuid, action: &'static str, number: u32) -> Self {
        let mut guard = stage.enter();
        let state = &mut *guard;
        state.trace.say(state.now, "handler", format_args!("{task} {action} {number}"));
        state.oracle.handler_begins(state.now, task, &state.server, &state.world);
        state.world.running.push((task, number));
        drop(guard);
        Busy { stage: Arc::clone(stage), task }
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        // Also where the process dies with it.
        self.stage.look().world.running.retain(|(task, _)| *task != self.task);
    }
}

/// What a handler does beside its work.
async fn stumble(cx: &TaskContext<System>, after: bool) -> Result<(), TaskError> {
    let (wait, what) = {
        let mut state = cx.enter();
        let wait = state.system_dice.log_millis(1, 3_000);
        let what = state.may_strike(Fault::HandlerFault).then(|| state.system_dice.below(4));
        if what.is_some_and(|what| what < 3 || !after) {
            state.has_fired(Fault::HandlerFault);
        }
        (wait, what)
    };
    tokio::time::sleep(wait).await;
    match what {
        Some(0) => panic!("sim: the handler panics"),
        Some(1) => std::future::pending().await,
        Some(2) if after => Err(std::io::Error::other("the answer was lost").into()),
        Some(2) => Err(TaskError::retry("the system is busy")),
        Some(_) if !after => Err(TaskError::retry("the system is busy")),
        _ => Ok(()),
    }
}

async fn act(cx: &TaskContext<System>, action: &'static str, number: u32, wanted: Wanted) -> Result<(), TaskError> {
    let task: Uuid = cx.task.id.parse().unwrap();
    let _busy = Busy::begin(cx, task, action, number);
    stumble(cx, false).await?;
    {
        let mut state = cx.enter();
        let now = state.now;
        state.trace.say(now, "effect", format_args!("{task} {action} {number}"));
        state.oracle_effect(task, action);
        if let Err(code) = state.world.effect(now, task, action, number, &wanted) {
            return Err(TaskError::fail(code, "so it is"));
        }
    }
    stumble(cx, true).await?;
    confirm(cx, task);
    Ok(())
}

fn confirm(cx: &TaskContext<System>, task: Uuid) {
    cx.enter().world.confirmed.insert(task);
}

// Many attempts, so that they do not run out, however often a process is killed.

#[bridge_task(retry = 100, timeout = "8s")]
async fn suspend(cx: TaskContext<System>, task: SuspendAccount<Employee>) -> Result<(), TaskError> {
    act(&cx, "suspend_account", *task.id(), Wanted::default()).await
}

#[bridge_task(retry = 100, timeout = "8s")]
async fn resume(cx: TaskContext<System>, task: UnsuspendAccount<Employee>) -> Result<(), TaskError> {
    act(&cx, "unsuspend_account", *task.id(), Wanted::default()).await
}

#[bridge_task(retry = 100, timeout = "8s")]
async fn dismiss(cx: TaskContext<System>, task: DeleteAccount<Employee>) -> Result<(), TaskError> {
    act(&cx, "delete_account", *task.id(), Wanted::default()).await
}

#[bridge_task(retry = 100, timeout = "8s")]
async fn rename(cx: TaskContext<System>, task: UpdateAccount<Employee>) -> Result<(), TaskError> {
    let changes = task.changes();
    let [AccountChange::FirstName(Some(name))] = &changes[..] else {
        return Err(TaskError::fail("unsupported_change", "one first name, please"));
    };
    let wanted = Wanted { first_name: name.clone(), teams: ids_of(task.memberships()) };
    act(&cx, "update_account", *task.id(), wanted).await
}

#[bridge_task(retry = 100, timeout = "8s", verify = hired)]
async fn hire(cx: TaskContext<System>, task: CreateAccount<Employee>) -> Result<Created<Employee>, TaskError> {
    let number = number_of(task.email());
    let first_name = task.first_name().unwrap_or_default().to_owned();
    act(&cx, "create_account", number, Wanted { first_name, teams: ids_of(task.memberships()) }).await?;
    Ok(Created::new(number))
}

fn ids_of(teams: Option<Vec<Ref<Team>>>) -> Option<Vec<String>> {
    Some(teams?.into_iter().map(|team| team.id().clone()).collect())
}

fn number_of(email: Option<&str>) -> u32 {
    email.unwrap_or_default().trim_start_matches('p').trim_end_matches("@acme.example").parse().unwrap()
}

async fn hired(
    cx: &TaskContext<System>,
    task: &CreateAccount<Employee>,
) -> Result<Probe<Created<Employee>>, TaskError> {
    let id: Uuid = cx.task.id.parse().unwrap();
    let number = number_of(task.email());
    let (wait, blind) = {
        let mut state = cx.enter();
        state.oracle.is_looked_after(id);
        (state.system_dice.millis(1, 200), state.strikes(Fault::HandlerFault))
    };
    tokio::time::sleep(wait).await;
    if blind {
        return Ok(Probe::Unknown);
    }
    // Whether this task has made it: the system keeps the key.
    let made = cx.enter().world.effects.iter().any(|effect| effect.task == id && effect.number == number);
    Ok(if made {
        confirm(cx, id);
        Probe::Applied(Created::new(number))
    } else {
        Probe::NotApplied
    })
}

#[bridge_task(retry = 100, timeout = "8s")]
async fn reset(cx: TaskContext<System>, task: ResetPassword<Employee>) -> Result<NewPassword, TaskError> {
    let number = *task.id();
    act(&cx, "reset_password", number, Wanted::default()).await?;
    if number.is_multiple_of(2) {
        return Ok(NewPassword::temporary(Secret::new(PASSWORD)));
    }
    Ok(NewPassword::sent_by_the_system())
}

pub(super) fn all() -> Tasks<System> {
    tasks![suspend, resume, dismiss, rename, hire, reset]
}
