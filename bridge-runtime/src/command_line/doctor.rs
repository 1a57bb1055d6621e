//! `doctor`: everything that a connector needs, looked at without changing anything, each with its remedy.

use std::{collections::BTreeSet, fmt::Write as _};

use serde::Serialize;
use serde_json::Value;

use super::{args::SettingArgs, command::wanted, print, settings::Settings, way::Way};
use crate::connector::{ConnectorError, Exit, Finding, Fleet, Outcome, Target};

/// What was found, in the order in which it was looked at.
#[derive(Serialize)]
struct Findings {
    /// Whether nothing has failed.
    ok: bool,
    findings: Vec<Finding>,
}

/// Looks at everything and prints it. The first failure decides the exit code.
pub(super) async fn run(fleet: Fleet, args: SettingArgs, json: bool) -> Result<Exit, ConnectorError> {
    let findings = examine(fleet, args).await;
    let exit = findings.iter().map(|one| one.exit).find(|exit| *exit != Exit::Done).unwrap_or(Exit::Done);
    let findings = Findings { ok: exit == Exit::Done, findings };
    if json {
        print::json(&findings)?;
    } else {
        print::out(&table(&findings));
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
    let slugs: BTreeSet<_> = fleet.members().iter().flat_map(|member| member.types()).map(|one| one.slug).collect();
    let errors = [
        settings.check_types(&slugs).err(),
        settings.url().err(),
        settings.schedule().err(),
        settings.listen().err(),
        wanted(&fleet, &settings).err(),
        settings.app().err(),
    ];
    let mut findings: Vec<Finding> = errors.iter().flatten().map(wrong).collect();
    // The key is looked at by itself: nobody should look for it among the settings.
    let key = settings.key();
    let target = settings.target();
    if let (Err(error), true, true) = (&target, key.is_ok(), findings.is_empty()) {
        findings.push(wrong(error));
    }
    if findings.is_empty() {
        findings.extend(settings.url().ok().map(|url| Finding::ok("configuration", url.to_string())));
    }
    if let Err(error) = &key {
        let remedy = "make a key in Iden, and set BRIDGE_API_KEY, or BRIDGE_API_KEY_FILE to a file that holds it";
        findings.push(Finding::failed("key", error, remedy));
    }
    let Ok(target) = target else {
        findings.push(Finding::skipped("the rest", "it depends on what is above"));
        return findings;
    };
    findings.extend(of_target(fleet, &settings, target).await);
    findings
}

async fn of_target(fleet: Fleet, settings: &Settings, target: Target) -> Vec<Finding> {
    let (mut findings, client) = Way::to(&target).examine().await;
    let (names, own) = (wanted(&fleet, settings).unwrap_or_default(), settings.app().unwrap_or(Value::Null));
    for member in fleet.into_members().into_iter().filter(|member| names.iter().any(|name| name == member.name())) {
        findings.extend(member.examine(&target, client.as_ref(), own.clone()).await);
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
