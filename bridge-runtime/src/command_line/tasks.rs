//! The commands about tasks.

use bridge_core::wire::TaskId;
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use super::{
    command::{Named, first, printed},
    complaint::say,
    failure::Failure,
    history::TaskHistory,
    outlook, print,
    progress::Progress,
    results::Results,
    settings::Settings,
};
use crate::{
    clock::{Clock, SystemClock},
    connector::{ConnectorError, Exit, Fleet, Member},
    journal::{Command, ControlJournal, KnownTask, Retry, SqliteJournal, TaskJournal, TaskState},
    tasks::RoundReport,
};

/// One round.
pub(super) async fn once(
    attached: &[Named],
    json: bool,
    progress: Progress,
    stop: &CancellationToken,
) -> Result<Exit, ConnectorError> {
    let (mut exit, mut results) = (Exit::Done, Results::default());
    for (name, one) in attached {
        if !one.has_tasks() {
            // It would refuse every task.
            print::warn(&format!("{name}: it has no task handlers, and does not look for tasks\n"));
            results.add(name, &RoundReport::default())?;
            continue;
        }
        match one.tasks_once(stop).await {
            Ok(round) if json => results.add(name, &round)?,
            Ok(round) => exit = printed(exit, print::round(name, &round)),
            Err(error) => {
                exit = first(exit, say(name, &error));
                results.fail(name, Failure::of(&error));
            }
        }
    }
    drop(progress);
    if json {
        results.print(attached.len() > 1)?;
    }
    Ok(exit)
}

/// What is pending.
pub(super) async fn list(fleet: Fleet, settings: &Settings, json: bool) -> Result<Exit, ConnectorError> {
    let (target, several) = (settings.target()?, fleet.members().len() > 1);
    let (mut exit, mut results) = (Exit::Done, Results::default());
    for member in fleet.into_members() {
        let (name, handlers) = (member.name().to_owned(), member.routes().len());
        let folder = settings.folder(&name)?;
        let pending = async { Ok((SqliteJournal::is_locked(&folder)?, member.pending_tasks(&target).await?)) };
        match pending.await {
            Ok((_, tasks)) if json => results.add(&name, &tasks)?,
            Ok((running, tasks)) => print::out(&outlook::table(&name, &tasks, handlers, running))?,
            Err(error) => {
                exit = first(exit, say(&name, &error));
                results.fail(&name, Failure::of(&error));
            }
        }
    }
    if json {
        results.print(several)?;
    }
    Ok(exit)
}

/// What happened to one.
pub(super) async fn show(fleet: &Fleet, settings: &Settings, id: TaskId, json: bool) -> Result<Exit, ConnectorError> {
    let Found { member, journal, task, running } = find(fleet, settings, id).await?;
    let steps = journal.task_steps(id).await?;
    let handler = member.handler(&task.seen.action, &task.seen.slug);
    let history = TaskHistory::new(member.name(), task, steps, handler, running);
    if json {
        print::json(&history)?;
    } else {
        print::out(&history.to_string())?;
    }
    Ok(Exit::Done)
}

/// What `tasks retry --json` prints.
#[derive(Serialize)]
struct TakenUp<'a> {
    app: &'a str,
    id: TaskId,
    /// Whether a connector is at work, and takes it up at once; else the next one that starts does.
    running: bool,
}

/// Has a parked one taken up again.
pub(super) async fn retry(
    fleet: &Fleet,
    settings: &Settings,
    id: TaskId,
    not_done: bool,
    json: bool,
) -> Result<Exit, ConnectorError> {
    let Found { member, journal, running, .. } = find(fleet, settings, id).await?;
    let (retry, now) = (if not_done { Retry::NotDone } else { Retry::Settle }, SystemClock::new().wall());
    match journal.retry_task(id, retry, now).await? {
        None => return Err(ConnectorError::UnknownTask { id }),
        Some(TaskState::Parked) => {}
        Some(state) => return Err(ConnectorError::NotParked { id, state }),
    }
    let by = if running {
        journal.ask(Command::Tasks, now).await?;
        "the running connector takes it up at once"
    } else {
        "no connector is running, so the next `run` or `tasks --once` takes it up"
    };
    let app = member.name();
    if json {
        print::json(&TakenUp { app, id, running })?;
    } else {
        print::out(&format!("{app}: task {id} is parked no more; {by}, and `tasks show` tells what becomes of it\n"))?;
    }
    Ok(Exit::Done)
}

/// A task of the journal.
struct Found<'a> {
    member: &'a dyn Member,
    journal: SqliteJournal,
    task: KnownTask,
    running: bool,
}

/// Looks for a task in the journals of the apps that the command is about.
async fn find<'a>(fleet: &'a Fleet, settings: &Settings, id: TaskId) -> Result<Found<'a>, ConnectorError> {
    for member in fleet.members() {
        let folder = settings.folder(member.name())?;
        let running = SqliteJournal::is_locked(&folder)?;
        let journal = SqliteJournal::beside(folder)?;
        if let Some(task) = journal.tasks(vec![id]).await?.pop() {
            return Ok(Found { member: member.as_ref(), journal, task, running });
        }
    }
    Err(ConnectorError::UnknownTask { id })
}
