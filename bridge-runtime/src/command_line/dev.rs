//! `dev`: the connector against an embedded sandbox.

use serde::Serialize;
use tokio_util::sync::CancellationToken;

use super::{print, progress::Progress, settings::Settings};
use crate::{
    connector::{ConnectorError, Exit, Fleet},
    dev::Stage,
    tasks::RoundError,
    telemetry::Telemetry,
};

/// What `dev --json` prints once the sandbox is there.
#[derive(Serialize)]
struct Served {
    /// What a connector takes as `BRIDGE_URL`.
    url: String,
    key: String,
    console: String,
}

pub(super) async fn run(
    fleet: Fleet,
    settings: &Settings,
    once: bool,
    json: bool,
    stop: &CancellationToken,
) -> Result<Exit, ConnectorError> {
    if std::env::var_os("BRIDGE_URL").is_some() || std::env::var_os("BRIDGE_TENANT").is_some() {
        print::tell("dev works against its own sandbox: BRIDGE_URL and BRIDGE_TENANT are not used\n");
    }
    print::tell("dev: the sandbox is empty and temporary; the handlers work on the real system\n");
    let telemetry = Telemetry::default();
    let own = settings.app()?;
    let stage = tokio::select! {
        biased;
        () = stop.cancelled() => return Err(RoundError::Interrupted.into()),
        stage = Stage::set_up(fleet, &own, &telemetry) => stage?,
    };
    let progress = Progress::of(&telemetry, &settings.log());
    if once {
        let summary = stage.once(stop).await?;
        drop(progress);
        if json {
            print::json(&summary)?;
        } else {
            print::out(&summary.to_string())?;
        }
        return Ok(Exit::Done);
    }
    let sandbox = stage.sandbox();
    let (url, key, console) = (sandbox.base_url(), sandbox.api_key().to_owned(), sandbox.console_url());
    if json {
        print::json(&Served { url, key, console })?;
    } else {
        print::out(&format!("sandbox  {url}\nkey      {key}\nconsole  {console}\nCtrl-C ends it\n"))?;
    }
    stage.run(&settings.schedule()?, stop).await?;
    Ok(Exit::Done)
}
