//! What each command does.

use tokio_util::sync::CancellationToken;

#[cfg(feature = "dev")]
use super::dev;
use super::{
    approve,
    args::{Args, Command, TasksCommand},
    ask::ask,
    complaint::{fail, say},
    doctor,
    failure::Failure,
    print,
    progress::Progress,
    results::Results,
    service,
    settings::Settings,
    status::AppStatus,
    tasks,
};
use crate::{
    connector::{AppChoice, AttachedMember, ConnectorError, Exit, Fleet, Target},
    journal::Command as JournalCommand,
    tasks::RoundError,
    telemetry::Telemetry,
};

/// Carries out the command. An error of its own ends it; what happens to one app of several is said, and the first
/// exit code that is not 0 is the answer.
pub(super) async fn run(
    fleet: Fleet,
    args: Args,
    settings: Result<Settings, ConnectorError>,
    stop: &CancellationToken,
) -> Result<Exit, ConnectorError> {
    if let Command::Doctor { json } = args.command {
        return doctor::run(fleet, args.settings, json, stop).await;
    }
    let settings = settings?;
    if args.command.opens_the_system() {
        // Before Iden is asked for anything: a wrong setting must leave no app behind.
        settings.check(&fleet, args.command.works_at_iden())?;
    } else {
        let types = fleet.members().iter().flat_map(|member| member.types());
        settings.check_types(&types.map(|schema| schema.slug).collect())?;
    }
    // A command that attaches needs the parent too, whose clones have to name it. Any other is about these alone.
    let fleet = if args.command.attaches() { fleet } else { fleet.only(settings.one_app())? };
    match args.command {
        Command::Doctor { .. } => unreachable!("it reads the settings itself"),
        Command::Completions { .. } => unreachable!("it needs no connector"),
        Command::Schema => {
            print::json(&print::schema(fleet.members()))?;
            Ok(Exit::Done)
        }
        Command::Approve { hash, reason, json } => approve::run(&fleet, &settings, &hash, &reason, json).await,
        Command::Plan { json } => plan(fleet, &settings, json, stop).await,
        Command::Status { json } => status(&fleet, &settings, json).await,
        Command::Sync { now: true, json } => ask(&fleet, &settings, JournalCommand::Sync, json).await,
        Command::Sync { json, .. } => {
            let (target, progress) = watched(&settings)?;
            let attached = attach(fleet, target, &settings, stop).await?;
            sync(&attached, json, progress, stop).await
        }
        Command::Tasks(tasks) => {
            let command = tasks.command;
            let command = command.unwrap_or(TasksCommand::Run { once: tasks.once, json: tasks.json, now: false });
            run_tasks(fleet, &settings, command, stop).await
        }
        Command::Run => service::run(fleet, &settings, true, stop).await,
        #[cfg(feature = "dev")]
        Command::Dev { once, json } => dev::run(fleet, &settings, once, json, stop).await,
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
        TasksCommand::Retry { id, not_done, json } => tasks::retry(&fleet, settings, id, not_done, json).await,
        TasksCommand::Run { now: true, json, .. } => ask(&fleet, settings, JournalCommand::Tasks, json).await,
        TasksCommand::Run { once: true, json, .. } => {
            let (target, progress) = watched(settings)?;
            let attached = attach(fleet, target, settings, stop).await?;
            tasks::once(&attached, json, progress, stop).await
        }
        TasksCommand::Run { .. } => service::run(fleet, settings, false, stop).await,
    }
}

/// The target of a command that a person may watch, with its progress.
fn watched(settings: &Settings) -> Result<(Target, Progress), ConnectorError> {
    let telemetry = Telemetry::default();
    let target = settings.target()?.telemetry(telemetry.clone());
    Ok((target, Progress::of(&telemetry, &settings.log())))
}

/// A member at work, with its name.
pub(super) type Named = (String, Box<dyn AttachedMember>);

/// Attaches the members, unless told to stop. An app whose creation is cut off is found by its name the next time.
pub(super) async fn attach(
    fleet: Fleet,
    target: Target,
    settings: &Settings,
    stop: &CancellationToken,
) -> Result<Vec<Named>, ConnectorError> {
    tokio::select! {
        biased;
        () = stop.cancelled() => Err(RoundError::Interrupted.into()),
        attached = attach_all(fleet, target, settings) => attached,
    }
}

/// The parent first, since its clones have to name it.
async fn attach_all(fleet: Fleet, mut target: Target, settings: &Settings) -> Result<Vec<Named>, ConnectorError> {
    let only = settings.one_app();
    fleet.wanted(only)?;
    settings.warn_of_lasting_create_app();
    let (several, members) = (fleet.members().len() > 1, fleet.into_members());
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
        // On a first run every app is created that is not there yet.
        let named = choice == AppChoice::FirstRun || if only.is_some() { wanted } else { position == 0 };
        target = target.app(if named { choice } else { AppChoice::ByName });
        let one = match member.attach(&target, settings.app()?).await {
            Ok(one) => one,
            Err(error) if several => return Err(ConnectorError::OfApp { app: name, error: Box::new(error) }),
            Err(error) => return Err(error),
        };
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

async fn sync(
    attached: &[Named],
    json: bool,
    progress: Progress,
    stop: &CancellationToken,
) -> Result<Exit, ConnectorError> {
    let (mut exit, mut results) = (Exit::Done, Results::default());
    for (name, one) in attached {
        let error = match one.sync(stop).await {
            Ok(report) if json => {
                results.add(name, &report)?;
                continue;
            }
            Ok(report) => {
                exit = printed(exit, print::synced(name, &report));
                continue;
            }
            Err(error) => error,
        };
        exit = first(exit, say(name, &error));
        let failure = Failure::of(&error);
        match error {
            ConnectorError::Sync(cut) if json => results.fail_with(name, failure, &cut.report)?,
            ConnectorError::Sync(cut) => exit = printed(exit, print::synced(name, &cut.report)),
            _ => results.fail(name, failure),
        }
    }
    drop(progress);
    if json {
        results.print(attached.len() > 1)?;
    }
    Ok(exit)
}

async fn plan(fleet: Fleet, settings: &Settings, json: bool, stop: &CancellationToken) -> Result<Exit, ConnectorError> {
    let ((target, progress), several) = (watched(settings)?, fleet.members().len() > 1);
    let (mut exit, mut results) = (Exit::Done, Results::default());
    for member in fleet.into_members() {
        let name = member.name().to_owned();
        match member.plan(&target, settings.app()?, stop).await {
            Ok(plan) => {
                if plan.is_held() {
                    exit = first(exit, Exit::Held);
                }
                if json { results.add(&name, &plan)? } else { print::plan(&name, &plan)? }
            }
            Err(error) => {
                exit = first(exit, say(&name, &error));
                results.fail(&name, Failure::of(&error));
            }
        }
    }
    drop(progress);
    if json {
        results.print(several)?;
    }
    Ok(exit)
}

async fn status(fleet: &Fleet, settings: &Settings, json: bool) -> Result<Exit, ConnectorError> {
    let (mut exit, mut results) = (Exit::Done, Results::default());
    for member in fleet.members() {
        let (name, handlers) = (member.name(), member.routes().len());
        match AppStatus::read(name, settings.folder(name)?, handlers, &settings.protected(&**member)).await {
            Ok(status) if json => results.add(name, &status)?,
            Ok(status) => print::out(&status.to_string())?,
            Err(error) => {
                exit = first(exit, say(name, &error));
                results.fail(name, Failure::of(&error));
            }
        }
    }
    if json {
        results.print(fleet.members().len() > 1)?;
    }
    Ok(exit)
}

/// A result that cannot be printed is said, and holds up no other app.
pub(super) fn printed(exit: Exit, printed: Result<(), ConnectorError>) -> Exit {
    printed.map_or_else(|error| first(exit, fail(&error)), |()| exit)
}

/// The first exit code that is not 0.
pub(super) fn first(a: Exit, b: Exit) -> Exit {
    if a == Exit::Done { b } else { a }
}
