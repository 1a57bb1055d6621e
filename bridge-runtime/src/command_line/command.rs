//! What each command does.

use futures_util::future::join_all;
use tokio_util::sync::CancellationToken;

use super::{
    args::{Args, Command, TasksCommand},
    ask::ask,
    fail, print,
    settings::Settings,
    status::AppStatus,
    tasks,
};
use crate::{
    clock::{Clock, SystemClock},
    connector::{AppChoice, AttachedMember, ConnectorError, Exit, Fleet, Target},
    journal::{Approval, ApprovalError, Command as JournalCommand, PlanJournal, SqliteJournal},
    sync::SyncError,
    tasks::RoundError,
};

/// Carries out the command. An error of its own ends it; what happens to one app of several is said, and the first
/// exit code that is not 0 is the answer.
pub(super) async fn run(fleet: Fleet, args: Args, stop: &CancellationToken) -> Result<Exit, ConnectorError> {
    let settings = Settings::read(args.settings)?;
    settings
        .check_types(&fleet.members().iter().flat_map(|member| member.types()).map(|schema| schema.slug).collect())?;
    match args.command {
        Command::Schema => {
            print::json(&print::schema(fleet.members()))?;
            Ok(Exit::Done)
        }
        Command::Approve { hash, reason } => approve(&fleet, &settings, &hash, &reason).await,
        Command::Plan { json } => plan(fleet, &settings, json, stop).await,
        Command::Status { json } => status(&fleet, &settings, json).await,
        Command::Sync { now: true, .. } => ask(&fleet, &settings, JournalCommand::Sync).await,
        Command::Sync { json, .. } => sync(&attach(fleet, &settings, stop).await?, json, stop).await,
        Command::Tasks(tasks) => {
            let command = tasks.command;
            let command = command.unwrap_or(TasksCommand::Run { once: tasks.once, json: tasks.json, now: false });
            run_tasks(fleet, &settings, command, stop).await
        }
        Command::Run => go_on(&attach(fleet, &settings, stop).await?, &settings, true, stop).await,
        #[cfg(feature = "dev")]
        Command::Dev { once, json } => dev(fleet, &settings, once, json, stop).await,
    }
}

async fn run_tasks(
    fleet: Fleet,
    settings: &Settings,
    command: TasksCommand,
    stop: &CancellationToken,
) -> Result<Exit, ConnectorError> {
    match command {
        TasksCommand::List { json } => tasks::list(fleet, settings, json).await,
        TasksCommand::Show { id, json } => tasks::show(&fleet, settings, id, json).await,
        TasksCommand::Retry { id, not_done } => tasks::retry(&fleet, settings, id, not_done).await,
        TasksCommand::Run { now: true, .. } => ask(&fleet, settings, JournalCommand::Tasks).await,
        TasksCommand::Run { once: true, json, .. } => {
            tasks::once(&attach(fleet, settings, stop).await?, json, stop).await
        }
        TasksCommand::Run { .. } => go_on(&attach(fleet, settings, stop).await?, settings, false, stop).await,
    }
}

/// A member at work, with its name.
pub(super) type Named = (String, Box<dyn AttachedMember>);

/// Attaches the members, unless told to stop. An app whose creation is cut off is found by its name the next time.
async fn attach(fleet: Fleet, settings: &Settings, stop: &CancellationToken) -> Result<Vec<Named>, ConnectorError> {
    tokio::select! {
        biased;
        () = stop.cancelled() => Err(RoundError::Interrupted.into()),
        attached = attach_all(fleet, settings) => attached,
    }
}

/// The parent first, since its clones have to name it.
async fn attach_all(fleet: Fleet, settings: &Settings) -> Result<Vec<Named>, ConnectorError> {
    let mut target = settings.target()?;
    let only = settings.one_app();
    wanted(&fleet, settings)?;
    let members = fleet.into_members();
    // The id, or the wish for a new app, is for the app that is named, else for the parent: a parent that is attached for
    // its clones' sake must never take the id of one of them.
    let choice = target.app;
    let mut attached: Vec<Named> = Vec::new();
    for (position, member) in members.into_iter().enumerate() {
        let name = member.name().to_owned();
        let wanted = only.is_none_or(|only| only == name);
        if position == 0
            && !wanted
            && let Some(parent) = known_app(&target, &name).await?
        {
            target = target.clone_from(parent);
            continue;
        }
        if position > 0 && !wanted {
            continue;
        }
        let named = if only.is_some() { wanted } else { position == 0 };
        target = target.app(if named { choice } else { AppChoice::ByName });
        let one = member.attach(&target, settings.app()?).await?;
        tracing::info!(bridge.app_id = %one.app(), "`{name}` keeps its state in {}", one.state().display());
        if position == 0 {
            target = target.clone_from(one.app());
        }
        if wanted {
            attached.push((name, one));
        }
    }
    Ok(attached)
}

/// The app that the journal of this name knows, without taking its lock.
async fn known_app(target: &Target, name: &str) -> Result<Option<bridge_core::wire::AppId>, ConnectorError> {
    Ok(target.beside_journal(name)?.app().await?.map(|app| app.id))
}

async fn sync(attached: &[Named], json: bool, stop: &CancellationToken) -> Result<Exit, ConnectorError> {
    let (mut exit, mut results) = (Exit::Done, print::Results::default());
    for (name, one) in attached {
        let report = match one.sync(stop).await {
            Ok(report) => report,
            Err(error) => {
                exit = first(exit, say(name, &error));
                let ConnectorError::Sync(failure) = error else { continue };
                failure.report
            }
        };
        if json { results.add(name, &report)? } else { print::synced(name, &report) }
    }
    if json {
        results.print(attached.len() > 1)?;
    }
    Ok(exit)
}

/// `run`, and `tasks run` without syncs.
async fn go_on(
    attached: &[Named],
    settings: &Settings,
    syncs: bool,
    stop: &CancellationToken,
) -> Result<Exit, ConnectorError> {
    let mut schedule = settings.schedule()?;
    if !syncs {
        schedule = schedule.without_syncs();
    }
    // One that cannot go on stops the others in good order.
    let runs = attached.iter().map(|(name, one)| async {
        let _stop_the_others = stop.clone().drop_guard();
        one.run(&schedule, stop).await.map_or_else(|error| say(name, &error), |()| Exit::Done)
    });
    Ok(join_all(runs).await.into_iter().fold(Exit::Done, first))
}

/// The names of the apps that a command is about.
pub(super) fn wanted(fleet: &Fleet, settings: &Settings) -> Result<Vec<String>, ConnectorError> {
    let names: Vec<_> = fleet.members().iter().map(|member| member.name().to_owned()).collect();
    match settings.one_app() {
        None => Ok(names),
        Some(only) if names.iter().any(|name| name == only) => Ok(vec![only.to_owned()]),
        Some(only) => {
            let names: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
            Err(ConnectorError::Configuration(format!("there is no app `{only}` here, but {}", names.join(", "))))
        }
    }
}

async fn plan(fleet: Fleet, settings: &Settings, json: bool, stop: &CancellationToken) -> Result<Exit, ConnectorError> {
    let (target, wanted) = (settings.target()?, wanted(&fleet, settings)?);
    let (mut exit, mut results) = (Exit::Done, print::Results::default());
    for member in fleet.into_members().into_iter().filter(|member| wanted.iter().any(|name| name == member.name())) {
        let name = member.name().to_owned();
        match member.plan(&target, settings.app()?, stop).await {
            Ok(plan) if json => results.add(&name, &plan)?,
            Ok(plan) => print::plan(&name, &plan),
            Err(error) => exit = first(exit, say(&name, &error)),
        }
    }
    if json {
        results.print(wanted.len() > 1)?;
    }
    Ok(exit)
}

async fn status(fleet: &Fleet, settings: &Settings, json: bool) -> Result<Exit, ConnectorError> {
    let (wanted, mut results) = (wanted(fleet, settings)?, print::Results::default());
    for member in fleet.members().iter().filter(|member| wanted.iter().any(|name| name == member.name())) {
        let (name, handlers) = (member.name(), member.routes().len());
        let status = AppStatus::read(name, settings.folder(name)?, handlers).await?;
        if json { results.add(name, &status)? } else { print::out(&status.to_string()) }
    }
    if json {
        results.print(wanted.len() > 1)?;
    }
    Ok(Exit::Done)
}

async fn approve(fleet: &Fleet, settings: &Settings, hash: &str, reason: &str) -> Result<Exit, ConnectorError> {
    let who = ["SUDO_USER", "USER", "LOGNAME"].into_iter().find_map(|name| std::env::var(name).ok());
    let approval = Approval::new(hash, who.unwrap_or_else(|| "unknown".to_owned()), reason, SystemClock::new().wall());
    let mut unknown = None;
    for name in wanted(fleet, settings)? {
        match SqliteJournal::beside(settings.folder(&name)?)?.approve(approval.clone()).await {
            Ok(hold) if hold.reasons.is_empty() => {
                println!("{name}: approved, although nothing in this plan needs it");
                return Ok(Exit::Done);
            }
            Ok(hold) => {
                println!("{name}: approved for 24 hours, once: {hold}");
                return Ok(Exit::Done);
            }
            Err(error @ ApprovalError::Unknown { .. }) => unknown = Some(error),
            Err(error) => return Err(error.into()),
        }
    }
    Err(unknown.unwrap_or_else(|| ApprovalError::Unknown { hash: hash.to_owned() }).into())
}

#[cfg(feature = "dev")]
async fn dev(
    fleet: Fleet,
    settings: &Settings,
    once: bool,
    json: bool,
    stop: &CancellationToken,
) -> Result<Exit, ConnectorError> {
    if std::env::var_os("BRIDGE_URL").is_some() || std::env::var_os("BRIDGE_TENANT").is_some() {
        eprintln!("dev works against its own sandbox: BRIDGE_URL and BRIDGE_TENANT are not used");
    }
    eprintln!("dev: the sandbox is empty and temporary; the handlers work on the real system");
    let stage = crate::dev::Stage::set_up(fleet, &settings.app()?).await?;
    if once {
        let summary = stage.once(stop).await?;
        if json {
            print::json(&summary)?;
        } else {
            print::out(&summary.to_string());
        }
        return Ok(Exit::Done);
    }
    println!("sandbox  {}", stage.sandbox().base_url());
    println!("key      {}", stage.sandbox().api_key());
    println!("console  {}", stage.sandbox().console_url());
    println!("Ctrl-C ends it");
    stage.run(&settings.schedule()?, stop).await?;
    Ok(Exit::Done)
}

/// Says what went wrong with one app, with what to do about it.
pub(super) fn say(name: &str, error: &ConnectorError) -> Exit {
    eprint!("{name}: ");
    fail(error);
    if let ConnectorError::Sync(failure) = error
        && failure.report.sync_id.is_some()
        && !matches!(failure.error, SyncError::Unsettled { .. })
    {
        eprintln!("       the session was not completed: what was pushed stays, and nobody was removed");
    }
    Exit::of(error)
}

/// The first exit code that is not 0.
pub(super) fn first(a: Exit, b: Exit) -> Exit {
    if a == Exit::Done { b } else { a }
}
