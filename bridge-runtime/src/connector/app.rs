//! Which app of Iden's a connector works on (protocol.md sections 2 and 8).

use std::collections::HashSet;

use bridge_core::wire::{AppId, NewApp};

use super::{AppChoice, ConnectorError, Target};
use crate::{
    client::{Client, ClientError, ErrorKind},
    journal::{Journal, KnownApp, Origin},
    planted::Bug,
};

/// How many apps are asked for at a time.
const PAGE: u64 = 100;
/// How many listed apps are asked whether they are Bridge apps.
const MOST_ASKED: usize = 20;

/// The app that a connector works on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Choice {
    /// The journal knows it.
    Known(AppId),
    /// It exists, and the journal does not know it.
    Found(AppId),
    /// There is none, and one may be created.
    New,
}

/// Chooses the app by the journal, by its id, or by its name. Nothing is created or written down.
pub(super) async fn choose(
    client: &Client,
    journal: &dyn Journal,
    name: &str,
    target: &Target,
) -> Result<Choice, ConnectorError> {
    if let Some(KnownApp { id: known, .. }) = journal.app().await? {
        return match target.app {
            AppChoice::Id(named) if named != known => {
                Err(ConnectorError::OtherApp { state: target.folder(name), known, named })
            }
            _ => Ok(Choice::Known(known)),
        };
    }
    match target.app {
        AppChoice::Id(app) => Ok(Choice::Found(app)),
        AppChoice::Create => Ok(Choice::New),
        AppChoice::ByName | AppChoice::FirstRun => {
            let Listed { named, others } = match listed(client, name).await {
                Ok(listed) => listed,
                // A key that is refused, or a host that is not there, would stop the connector with an id as well.
                Err(error) if error.is_unauthorized() || matches!(error.kind(), ErrorKind::Unreachable { .. }) => {
                    return Err(error.into());
                }
                Err(error) => return Err(ConnectorError::AppUnknown { name: name.to_owned(), error }),
            };
            match named[..] {
                [] if may_create(client, target, &others).await? => Ok(Choice::New),
                [] => Err(ConnectorError::FirstRun { name: name.to_owned() }),
                [app] => Ok(Choice::Found(app)),
                _ => Err(ConnectorError::SeveralApps { name: name.to_owned(), found: named }),
            }
        }
    }
}

/// That Lighthouse lists no app of this name is no proof, since it may not list Bridge apps at all (protocol.md section 8):
/// the state may be lost, and a new app would be a second one. It is one if Lighthouse lists another Bridge app.
async fn may_create(client: &Client, target: &Target, others: &[AppId]) -> Result<bool, ClientError> {
    if target.app == AppChoice::FirstRun || target.url.is_loopback() {
        return Ok(true);
    }
    for app in others {
        match client.pending_tasks(*app, 1, 0).await {
            Ok(_) => return Ok(true),
            // No Bridge app, or one that this key may not use.
            Err(error) if error.is_not_found() || error.is_unauthorized() => {}
            Err(error) => return Err(error),
        }
    }
    Ok(false)
}

/// The app, chosen, or created if there is none. Afterwards the journal knows it.
pub(super) async fn resolve(
    client: &Client,
    journal: &dyn Journal,
    name: &str,
    target: &Target,
) -> Result<AppId, ConnectorError> {
    let (app, origin) = match choose(client, journal, name, target).await? {
        Choice::Known(app) => {
            if target.app == AppChoice::FirstRun {
                tracing::warn!(
                    "--first-run has no effect: the state knows the app; leave it out, or a lost state creates a second app"
                );
            }
            return Ok(app);
        }
        Choice::Found(app) => (app, Origin::Inherited),
        Choice::New => (create(client, name, target).await?, Origin::Created),
    };
    match origin {
        Origin::Created => tracing::info!(bridge.app_id = %app, "created the app `{name}`"),
        Origin::Inherited => tracing::warn!(
            bridge.app_id = %app,
            "working on the app `{name}` that was there before; its first completion needs approval"
        ),
    }
    journal.set_app(KnownApp { id: app, origin }).await?;
    Ok(app)
}

async fn create(client: &Client, name: &str, target: &Target) -> Result<AppId, ConnectorError> {
    let mut app = NewApp::new(name);
    app.clone_from = target.clone_from;
    match client.create_app(&app).await {
        Ok(app) => Ok(app.id),
        Err(error) if error.outcome_unknown() => Err(ConnectorError::AppLost { name: name.to_owned(), error }),
        Err(error) => Err(error.into()),
    }
}

/// The apps that Lighthouse lists.
#[derive(Default)]
struct Listed {
    /// Every app of the connector's name.
    named: Vec<AppId>,
    /// The first of the others.
    others: Vec<AppId>,
}

async fn listed(client: &Client, name: &str) -> Result<Listed, ClientError> {
    if Bug::AppIsNotLookedFor.is_planted() {
        return Ok(Listed::default());
    }
    let (mut found, mut seen, mut offset) = (Listed::default(), HashSet::new(), 0);
    loop {
        let page = client.lighthouse_apps(PAGE, offset).await?;
        offset += page.results.len() as u64;
        let before = seen.len();
        for app in page.results {
            if !seen.insert(app.external_uuid) {
                continue;
            }
            if app.name == name {
                found.named.push(AppId::from(app.external_uuid));
            } else if found.others.len() < MOST_ASKED {
                found.others.push(AppId::from(app.external_uuid));
            }
        }
        // A page that brings nothing new is the end, whatever `count` says.
        if seen.len() == before || offset >= page.count {
            return Ok(found);
        }
    }
}
