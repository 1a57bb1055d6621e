//! A connector that goes on until it is told to stop: its loops, what it serves, and what the service manager hears.

use futures_util::future::join_all;
use tokio_util::sync::CancellationToken;

use super::{
    command::{Named, attach, first},
    complaint::say,
    endpoints::{Endpoints, Watched},
    progress::Progress,
    service_manager::ServiceManager,
    settings::Settings,
};
use crate::{
    connector::{ConnectorError, Exit, Fleet, Member},
    telemetry::Telemetry,
};

/// `run`, and `tasks run` without syncs.
pub(super) async fn run(
    fleet: Fleet,
    settings: &Settings,
    syncs: bool,
    stop: &CancellationToken,
) -> Result<Exit, ConnectorError> {
    let (telemetry, manager) = (Telemetry::default(), ServiceManager::find());
    let target = settings.target()?.telemetry(telemetry.clone());
    // Before Iden is asked for anything: a probe must see a connector that starts and cannot reach it.
    let endpoints = match settings.listen()? {
        Some(address) => Some(Endpoints::open(address, telemetry.clone(), watched(&fleet, settings)?).await?),
        None => None,
    };
    let _progress = Progress::of(&telemetry, &settings.log());
    let work = async {
        let attached = attach(fleet, target, settings, stop).await?;
        manager.tell("READY=1\nSTATUS=running");
        go_on(&attached, settings, syncs, stop).await
    };
    let serve = async {
        match endpoints {
            Some(endpoints) => endpoints.serve().await,
            None => std::future::pending().await,
        }
    };
    let announce = async {
        stop.cancelled().await;
        manager.tell("STOPPING=1\nSTATUS=stopping");
        std::future::pending::<()>().await;
    };
    tokio::select! {
        biased;
        // Before the work, which may end as soon as it is told to stop.
        () = announce => unreachable!("it waits for the end"),
        ended = work => ended,
        () = serve => unreachable!("it is served until the end"),
        () = manager.keep_alive(&telemetry) => unreachable!("it goes on until the end"),
    }
}

fn watched(fleet: &Fleet, settings: &Settings) -> Result<Vec<Watched>, ConnectorError> {
    let members = fleet.wanted(settings.one_app())?.into_iter();
    let of = |member: &dyn Member| {
        let (name, handlers, protected) = (member.name(), member.routes().len(), settings.protected(member));
        Ok(Watched { name: name.to_owned(), folder: settings.folder(name)?, handlers, protected })
    };
    members.map(of).collect()
}

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
