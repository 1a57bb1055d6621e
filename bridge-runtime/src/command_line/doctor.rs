//! `doctor`: everything that a connector needs, looked at without changing anything, each with its remedy.

use std::fmt::Write as _;

use serde::Serialize;
use serde_json::Value;

use tokio_util::sync::CancellationToken;

use super::{args::SettingArgs, print, settings::Settings, way::Way};
use crate::{
    client::ApiKey,
    connector::{AppChoice, ConnectorError, Exit, Finding, Fleet, Outcome, Target},
    tasks::RoundError,
};

/// What was found, in the order in which it was looked at.
#[derive(Serialize)]
struct Findings {
    /// Whether nothing has failed.
    ok: bool,
    findings: Vec<Finding>,
}

/// Looks at everything and prints it. The first failure decides the exit code.
pub(super) async fn run(
    fleet: Fleet,
    args: SettingArgs,
    json: bool,
    stop: &CancellationToken,
) -> Result<Exit, ConnectorError> {
    let findings = tokio::select! {
        biased;
        () = stop.cancelled() => return Err(RoundError::Interrupted.into()),
        findings = examine(fleet, args) => findings,
    };
    let exit = findings.iter().map(|one| one.exit).find(|exit| *exit != Exit::Done).unwrap_or(Exit::Done);
    let findings = Findings { ok: exit == Exit::Done, findings };
    if json {
        print::json(&findings)?;
    } else {
        print::out(&table(&findings))?;
    }
    Ok(exit)
}

async fn examine(fleet: Fleet, args: SettingArgs) -> Vec<Finding> {
    let wrong =
        |error: &ConnectorError| Finding::failed("configuration", error, "set it right: `--help` lists the settings");
    let settings = match Settings::read(args) {
        Ok(settings) => settings,
        Err(error) => {
            return vec![wrong(&error), Finding::skipped("the rest", "it depends on the configuration")];
        }
    };
    // What stands in [app] is looked at with the source.
    let problems = settings.problems(&fleet, true);
    let problems = problems.iter().filter(|error| !matches!(error, ConnectorError::Settings(_)));
    let mut findings: Vec<Finding> = problems.map(wrong).collect();
    // The key is looked at by itself: nobody should look for it among the settings.
    let key = settings.key();
    let has_key = key.is_ok();
    if let Err(error) = &key {
        let remedy = "make a key in Iden, and set BRIDGE_API_KEY, or BRIDGE_API_KEY_FILE to a file that holds it";
        findings.push(Finding::failed("key", error, remedy));
    }
    // Without a key nothing is sent; all that needs none is looked at.
    let target = key.or_else(|_| ApiKey::new("none").map_err(|error| ConnectorError::Other(error.into())));
    let target = target.and_then(|key| settings.target_with(key));
    if let (Err(error), true) = (&target, findings.iter().all(|one| one.check != "configuration")) {
        findings.insert(0, wrong(error));
    }
    let (Ok(target), Ok(fleet)) = (target, fleet.only(settings.one_app())) else {
        findings.push(Finding::skipped("the rest", "it depends on what is above"));
        return findings;
    };
    if findings.iter().all(|one| one.check != "configuration") {
        findings.insert(0, Finding::ok("configuration", target.url.to_string()));
    }
    findings.extend(of_target(fleet, &settings, target, has_key).await);
    findings
}

async fn of_target(fleet: Fleet, settings: &Settings, target: Target, has_key: bool) -> Vec<Finding> {
    let way = Way::to(&target);
    let (mut findings, client) = if has_key { way.examine().await } else { way.examine_without_key().await };
    let own = settings.app().unwrap_or(Value::Null);
    let mut target = target.clone();
    for member in fleet.into_members() {
        findings.extend(member.examine(&target, client.as_ref(), own.clone()).await);
        // As with a command that attaches: the id, or the wish for a new app, is for the first one.
        if target.app != AppChoice::FirstRun {
            target = target.app(AppChoice::ByName);
        }
    }
    findings
}

fn table(findings: &Findings) -> String {
    let mut text = String::new();
    for Finding { check, of, outcome, found, remedy, .. } in &findings.findings {
        let outcome = match outcome {
            Outcome::Ok => "ok",
            Outcome::Warning => "warning",
            Outcome::Failed => "FAILED",
            Outcome::Skipped => "skipped",
        };
        let of = of.as_ref().map(|of| format!("{of}: ")).unwrap_or_default();
        let _ = writeln!(text, "{outcome:<8} {check:<14} {of}{found}");
        if let Some(remedy) = remedy {
            let _ = writeln!(text, "{:<8} {:<14} -> {remedy}", "", "");
        }
    }
    let failed = findings.findings.iter().filter(|one| one.outcome == Outcome::Failed).count();
    let _ = match failed {
        0 => writeln!(text, "nothing has failed"),
        failed => writeln!(text, "{failed} failed"),
    };
    text
}
