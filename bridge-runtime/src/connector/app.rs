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

/// The app, by the journal, by its id, or by its name; a new one if there is none. Afterwards the journal knows it.
pub(super) async fn resolve(
    client: &Client,
    journal: &dyn Journal,
    name: &str,
    target: &Target,
) -> Result<AppId, ConnectorError> {
    if let Some(KnownApp { id: known, .. }) = journal.app().await? {
        return match target.app {
            AppChoice::Id(named) if named != known => {
                Err(ConnectorError::OtherApp { state: target.folder(name), known, named })
            }
            _ => Ok(known),
        };
    }
    let (app, origin) = match target.app {
        AppChoice::Id(app) => (app, Origin::Inherited),
        AppChoice::Create => (create(client, name, target).await?, Origin::Created),
        AppChoice::ByName => match by_name(client, name).await {
            Ok(found) => match found[..] {
                [] => (create(client, name, target).await?, Origin::Created),
                [app] => (app, Origin::Inherited),
                _ => return Err(ConnectorError::SeveralApps { name: name.to_owned(), found }),
            },
            // A key that is refused, or a host that is not there, would stop the connector with an id as well.
            Err(error) if error.is_unauthorized() || matches!(error.kind(), ErrorKind::Unreachable { .. }) => {
                return Err(error.into());
            }
            Err(error) => return Err(ConnectorError::AppUnknown { name: name.to_owned(), error }),
        },
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

/// Every app of this name.
pub(super) async fn by_name(client: &Client, name: &str) -> Result<Vec<AppId>, ClientError> {
    if Bug::AppIsNotLookedFor.is_planted() {
        return Ok(Vec::new());
    }
    let (mut found, mut seen, mut offset) = (Vec::new(), HashSet::new(), 0);
    loop {
        let page = client.lighthouse_apps(PAGE, offset).await?;
        offset += page.results.len() as u64;
        let before = seen.len();
        for app in page.results {
            if seen.insert(app.external_uuid) && app.name == name {
                found.push(AppId::from(app.external_uuid));
            }
        }
        // A page that brings nothing new is the end, whatever `count` says.
        if seen.len() == before || offset >= page.count {
            return Ok(found);
        }
    }
}
