//! Results on standard output.

use std::{
    fmt::Write as _,
    io::{self, Write as _},
};

use serde::Serialize;
use serde_json::{Value, json};

use bridge_core::wire::text::printable;

use crate::{
    connector::{ConnectorError, Member},
    sync::SyncReport,
    tasks::RoundReport,
};

pub(super) fn json(value: &impl Serialize) -> Result<(), ConnectorError> {
    let text = serde_json::to_string_pretty(value).map_err(|error| ConnectorError::Other(error.into()))?;
    out(&format!("{text}\n"));
    Ok(())
}

/// Writes to standard output. Whoever reads it may stop early, as `head` does: that is no error, and no panic.
pub(super) fn out(text: &str) {
    let mut stdout = io::stdout().lock();
    drop(stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()));
}

/// What each member registers and handles.
pub(super) fn schema(members: &[Box<dyn Member>]) -> Value {
    let of = |member: &dyn Member| {
        let types: Vec<_> = member.types().iter().map(bridge_core::TypeSchema::registration).collect();
        let task = |(route, handler): &(crate::tasks::Route, &str)| json!({"action": route.action, "resource_type": route.slug, "handler": handler});
        let tasks: Vec<Value> = member.routes().iter().map(task).collect();
        json!({"app": member.name(), "resource_types": types, "tasks": tasks})
    };
    match members {
        [one] => of(one.as_ref()),
        several => several.iter().map(|member| of(member.as_ref())).collect(),
    }
}

pub(super) fn synced(name: &str, report: &SyncReport) {
    let mut text = format!("{name}: {}\n", if report.completed { "synced, completed" } else { "not completed" });
    let width = report.types.iter().map(|one| one.slug.len()).max().unwrap_or(0);
    for one in &report.types {
        let unreadable = if one.unreadable > 0 { format!(", {} unreadable", one.unreadable) } else { String::new() };
        let (slug, pushed, created, updated) = (one.slug, one.pushed, one.created, one.updated);
        let _ = writeln!(text, "  {slug:width$}  {pushed:>7} records: {created} new, {updated} known{unreadable}");
        for example in &one.examples {
            // The text comes from the external system.
            let _ = writeln!(text, "  {:width$}          {}", "", printable(example, 300));
        }
    }
    out(&text);
}

pub(super) fn round(name: &str, round: &RoundReport) {
    let mut text = format!(
        "{name}: {} pending, {} completed, {} failed{}\n",
        round.pending,
        round.completed(),
        round.failed(),
        [
            (round.waiting, "to be tried again"),
            (round.parked, "parked"),
            (round.unreported, "not reported yet"),
            (round.conflicts, "in conflict")
        ]
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!(", {count} {what}"))
        .collect::<String>()
    );
    for task in &round.reported {
        let code = task.code.as_ref().map(|code| format!(": {code}")).unwrap_or_default();
        let _ = writeln!(text, "  {}  {:<18} {}{code}", task.id, printable(&task.action, 64), task.status);
    }
    out(&text);
}
