//! What each command does.

use futures_util::future::join_all;
use tokio_util::sync::CancellationToken;

use super::{
    args::{Args, Command, TasksCommand},
    fail, print,
    settings::Settings,
    signals,
};
use crate::{
    clock::{Clock, SystemClock},
    connector::{AppChoice, AttachedMember, ConnectorError, Exit, Fleet, Target},
    journal::{ApprovalError, Journal},
    sync::SyncError,
    tasks::RoundError,
};

/// Carries out the command. An error of its own ends it; what happens to one app of several is said, and the first
/// exit code that is not 0 is the answer.
pub(super) async fn run(fleet: Fleet, args: Args) -> Result<Exit, ConnectorError> {
    let settings = Settings::read(args.settings)?;
    match args.command {
        Command::Schema => {
            print::json(&print::schema(fleet.members()))?;
            Ok(Exit::Done)
        }
        Command::Approve { hash, reason } => approve(&fleet, &settings, &hash, &reason),
        Command::Sync { json } => {
            let stop = signals::stop_token();
            let attached = attach(fleet, &settings, &stop).await?;
            sync(&attached, json, &stop).await
        }
        Command::Tasks(tasks) => {
            let (once, json) = match tasks.command {
                Some(TasksCommand::Run { once, json }) => (once, json),
                None => (tasks.once, tasks.json),
            };
            let stop = signals::stop_token();
            let attached = attach(fleet, &settings, &stop).await?;
            if once {
                tasks_once(&attached, json, &stop).await
            } else {
                go_on(&attached, &settings, false, &stop).await
            }
        }
        Command::Run => {
            let stop = signals::stop_token();
            let attached = attach(fleet, &settings, &stop).await?;
            go_on(&attached, &settings, true, &stop).await
        }
        #[cfg(feature = "dev")]
        Command::Dev { once, json } => dev(fleet, &settings, once, json).await,
    }
}

/// A member at work, with its name.
type Named = (String, Box<dyn AttachedMember>);

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
    let members = fleet.into_members();
    if let Some(name) = only
        && !members.iter().any(|member| member.name() == name)
    {
        let names: Vec<_> = members.iter().map(|member| format!("`{}`", member.name())).collect();
        return Err(ConnectorError::Configuration(format!("there is no app `{name}` here, but {}", names.join(", "))));
    }
    // The id, or the wish for a new app, is for the app that is named, else for the parent: a parent that is attached for
    // its clones' sake must never take the id of one of them.
    let choice = target.app;
    let mut attached: Vec<Named> = Vec::new();
    for (position, member) in members.into_iter().enumerate() {
        let name = member.name().to_owned();
        let wanted = only.is_none_or(|only| only == name);
        if position == 0
            && !wanted
            && let Some(parent) = known_app(&target, &name)?
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
fn known_app(target: &Target, name: &str) -> Result<Option<bridge_core::wire::AppId>, ConnectorError> {
    Ok(Journal::beside(target.folder(name))?.app())
}

async fn sync(attached: &[Named], json: bool, stop: &CancellationToken) -> Result<Exit, ConnectorError> {
    let mut exit = Exit::Done;
    for (name, one) in attached {
        let report = match one.sync(stop).await {
            Ok(report) => report,
            Err(error) => {
                exit = first(exit, say(name, &error));
                let ConnectorError::Sync(failure) = error else { continue };
                failure.report
            }
        };
        if json { print::json(&report)? } else { print::synced(name, &report) }
    }
    Ok(exit)
}

async fn tasks_once(attached: &[Named], json: bool, stop: &CancellationToken) -> Result<Exit, ConnectorError> {
    let mut exit = Exit::Done;
    for (name, one) in attached {
        match one.tasks_once(stop).await {
            Ok(round) if json => print::json(&round)?,
            Ok(round) => print::round(name, &round),
            Err(error) => exit = first(exit, say(name, &error)),
        }
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
    let runs = attached.iter().map(|(_, one)| async {
        let _stop_the_others = stop.clone().drop_guard();
        one.run(&schedule, stop).await
    });
    join_all(runs).await.into_iter().collect::<Result<(), _>>()?;
    Ok(Exit::Done)
}

fn approve(fleet: &Fleet, settings: &Settings, hash: &str, reason: &str) -> Result<Exit, ConnectorError> {
    let now = SystemClock::new().wall();
    let wanted = |name: &str| settings.one_app().is_none_or(|only| only == name);
    let mut unknown = None;
    for member in fleet.members().iter().filter(|member| wanted(member.name())) {
        let journal = Journal::beside(settings.folder(member.name())?)?;
        match journal.approve(hash, reason, now) {
            Ok(held) => {
                println!("{}: approved for 24 hours, once: {held}", member.name());
                return Ok(Exit::Done);
            }
            Err(error) => unknown = Some(error),
        }
    }
    Err(unknown.unwrap_or_else(|| ApprovalError::Unknown { hash: hash.to_owned() }).into())
}

#[cfg(feature = "dev")]
async fn dev(fleet: Fleet, settings: &Settings, once: bool, json: bool) -> Result<Exit, ConnectorError> {
    if std::env::var_os("BRIDGE_URL").is_some() || std::env::var_os("BRIDGE_TENANT").is_some() {
        eprintln!("dev works against its own sandbox: BRIDGE_URL and BRIDGE_TENANT are not used");
    }
    eprintln!("dev: the sandbox is empty and temporary; the handlers work on the real system");
    let stop = signals::stop_token();
    let stage = crate::dev::Stage::set_up(fleet, &settings.app()?).await?;
    if once {
        let summary = stage.once(&stop).await?;
        if json {
            print::json(&summary)?;
        } else {
            print::out(&summary.to_string());
        }
        return Ok(Exit::Done);
    }
    println!("sandbox  {}", stage.sandbox().base_url());
    println!("key      {}", stage.sandbox().api_key());
    println!("Ctrl-C ends it");
    stage.run(&settings.schedule()?, &stop).await?;
    Ok(Exit::Done)
}

/// Says what went wrong with one app, with what to do about it.
fn say(name: &str, error: &ConnectorError) -> Exit {
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

fn first(a: Exit, b: Exit) -> Exit {
    if a == Exit::Done { b } else { a }
}
