//! Asking a connector that runs.

use std::path::Path;

use serde::Serialize;

use super::{failure::Failure, print, results::Results, settings::Settings};
use crate::{
    clock::{Clock, SystemClock},
    connector::{ConnectorError, Exit, Fleet},
    journal::{Activity, Command, ControlJournal, SqliteJournal},
};

/// What `--now --json` prints.
#[derive(Serialize)]
struct Asked<'a> {
    app: &'a str,
    asked: Command,
}

/// Asks the connectors that run to do something now.
pub(super) async fn ask(
    fleet: &Fleet,
    settings: &Settings,
    command: Command,
    json: bool,
) -> Result<Exit, ConnectorError> {
    let (mut exit, mut results) = (Exit::Done, Results::default());
    for member in fleet.members() {
        let (name, folder) = (member.name(), settings.folder(member.name())?);
        let (verb, tells, instead) = match command {
            Command::Sync => ("sync", "`status` tells how far it is", "`sync` without --now does it itself"),
            Command::Tasks => {
                ("look for tasks", "`tasks list` tells what is left of them", "`tasks --once` does it itself")
            }
        };
        let refusal = if !SqliteJournal::is_locked(&folder)? {
            Some(format!("no connector is running on this state; {instead}"))
        } else if command == Command::Tasks && member.routes().is_empty() {
            Some("it has no task handlers, and never looks for tasks".to_owned())
        } else if command == Command::Sync && carries_out_tasks_only(&folder).await? {
            Some("the running connector carries out tasks only, and never syncs".to_owned())
        } else {
            None
        };
        if let Some(why) = refusal {
            print::warn(&format!("{name}: {why}\n"));
            exit = Exit::TryLater;
            results.fail(name, Failure::new(exit, why));
            continue;
        }
        SqliteJournal::beside(folder)?.ask(command, SystemClock::new().wall()).await?;
        if json {
            results.add(name, &Asked { app: name, asked: command })?;
        } else {
            print::out(&format!("{name}: the running connector was asked to {verb}; {tells}\n"))?;
        }
    }
    if json {
        results.print(fleet.members().len() > 1)?;
    }
    Ok(exit)
}

async fn carries_out_tasks_only(folder: &Path) -> Result<bool, ConnectorError> {
    let said = SqliteJournal::beside(folder)?.status().await?;
    Ok(said.is_some_and(|said| said.activity == Activity::TasksOnly))
}
