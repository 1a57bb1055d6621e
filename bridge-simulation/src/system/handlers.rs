//! The handlers: what they do, how they stumble, and that each is seen at work.

use std::{
    fmt::{Debug, Display},
    str::FromStr,
    sync::Arc,
};

use iden_bridge::{Resource, Tasks, prelude::*};
use uuid::Uuid;

use crate::{
    faults::Fault,
    stage::Stage,
    system::{
        Wanted,
        connector::{Contractor, Employee, OfPerson, PASSWORD, Site, System, Team},
        names,
        panics::may_panic,
    },
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

/// The handlers of an account type, and what a task can name for it. Many attempts, so that they do not run out, however often a
/// process is killed.
macro_rules! handlers {
    ($module:ident, $account:ident: $($slug:ident $field:ident $thing:ident),*) => {
        mod $module {
            use super::*;

            #[bridge_task(retry = 100, timeout = "8s")]
            async fn suspend(cx: TaskContext<System>, task: SuspendAccount<$account>) -> Result<(), TaskError> {
                act(&cx, "suspend_account", number::<$account>(&cx, task.id()), Wanted::default()).await
            }

            #[bridge_task(retry = 100, timeout = "8s")]
            async fn resume(cx: TaskContext<System>, task: UnsuspendAccount<$account>) -> Result<(), TaskError> {
                act(&cx, "unsuspend_account", number::<$account>(&cx, task.id()), Wanted::default()).await
            }

            #[bridge_task(retry = 100, timeout = "8s")]
            async fn dismiss(cx: TaskContext<System>, task: DeleteAccount<$account>) -> Result<(), TaskError> {
                act(&cx, "delete_account", number::<$account>(&cx, task.id()), Wanted::default()).await
            }

            #[bridge_task(retry = 100, timeout = "8s")]
            async fn rename(cx: TaskContext<System>, task: UpdateAccount<$account>) -> Result<(), TaskError> {
                let changes = task.changes();
                let [AccountChange::FirstName(Some(name))] = &changes[..] else {
                    return Err(TaskError::fail("unsupported_change", "one first name, please"));
                };
                let mut wanted = Wanted { first_name: name.clone(), ..Wanted::default() };
                $(wanted.name(names::$slug, task.$field::<$thing>());)*
                act(&cx, "update_account", number::<$account>(&cx, task.id()), wanted).await
            }

            #[bridge_task(retry = 100, timeout = "8s", verify = hired)]
            async fn hire(
                cx: TaskContext<System>,
                task: CreateAccount<$account>,
            ) -> Result<Created<$account>, TaskError> {
                let number = number_of(task.email());
                let first_name = task.first_name().unwrap_or_default().to_owned();
                let mut wanted = Wanted { first_name, ..Wanted::default() };
                $(wanted.name(names::$slug, task.$field::<$thing>());)*
                act(&cx, "create_account", number, wanted).await?;
                Ok(Created::new(id::<$account>(&cx, number)))
            }

            async fn hired(
                cx: &TaskContext<System>,
                task: &CreateAccount<$account>,
            ) -> Result<Probe<Created<$account>>, TaskError> {
                let number = number_of(task.email());
                Ok(match was_hired(cx, number).await {
                    Some(true) => Probe::Applied(Created::new(id::<$account>(cx, number))),
                    Some(false) => Probe::NotApplied,
                    None => Probe::Unknown,
                })
            }

            #[bridge_task(retry = 100, timeout = "8s")]
            async fn reset(cx: TaskContext<System>, task: ResetPassword<$account>) -> Result<NewPassword, TaskError> {
                let number = number::<$account>(&cx, task.id());
                act(&cx, "reset_password", number, Wanted::default()).await?;
                if number.is_multiple_of(2) {
                    return Ok(NewPassword::temporary(Secret::new(PASSWORD)));
                }
                Ok(NewPassword::sent_by_the_system())
            }

            pub(super) fn all() -> Tasks<System> {
                tasks![suspend, resume, dismiss, rename, hire, reset]
            }
        }
    };
}

handlers!(employees, Employee: TEAM memberships Team);
handlers!(contractors, Contractor: TEAM memberships Team, SITE memberships Site);

impl Wanted {
    fn name<R: Resource<Id: Display>>(&mut self, slug: &'static str, refs: Option<Vec<Ref<R>>>) {
        let ids = refs.map(|refs| refs.iter().map(|one| one.id().to_string()).collect());
        self.named.extend(ids.map(|ids| (slug, ids)));
    }
}

/// Whom a task means.
fn number<A: OfPerson<Id: Display>>(cx: &TaskContext<System>, id: &A::Id) -> u32 {
    cx.plan.names.number(&(A::SLUG.to_owned(), id.to_string())).unwrap()
}

/// The id of a new account.
fn id<A: Resource<Id: FromStr<Err: Debug>>>(cx: &TaskContext<System>, number: u32) -> A::Id {
    cx.plan.names.id(number, 0).parse().unwrap()
}

fn number_of(email: Option<&str>) -> u32 {
    email.unwrap_or_default().trim_start_matches('p').trim_end_matches("@acme.example").parse().unwrap()
}

/// Whether the task has made this account, if that can be found out.
async fn was_hired(cx: &TaskContext<System>, number: u32) -> Option<bool> {
    may_panic("`verify`");
    let id: Uuid = cx.task.id.parse().unwrap();
    let (wait, blind) = {
        let mut state = cx.enter();
        state.oracle.is_looked_after(id);
        (state.system_dice.millis(1, 200), state.strikes(Fault::HandlerFault))
    };
    tokio::time::sleep(wait).await;
    if blind {
        return None;
    }
    // Whether this task has made it: the system keeps the key.
    let made = cx.enter().world.effects.iter().any(|effect| effect.task == id && effect.number == number);
    if made {
        confirm(cx, id);
    }
    Some(made)
}

pub(super) fn all(second_types: bool) -> Tasks<System> {
    if second_types { employees::all().and(contractors::all()) } else { employees::all() }
}
