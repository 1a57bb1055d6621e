//! Results on standard output.

use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    connector::{ConnectorError, Member},
    sync::SyncReport,
    tasks::RoundReport,
};

pub(super) fn json(value: &impl Serialize) -> Result<(), ConnectorError> {
    let text = serde_json::to_string_pretty(value).map_err(|error| ConnectorError::Other(error.into()))?;
    println!("{text}");
    Ok(())
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
    println!("{name}: synced, {}", if report.completed { "completed" } else { "not completed" });
    let width = report.types.iter().map(|one| one.slug.len()).max().unwrap_or(0);
    for one in &report.types {
        print!("  {:width$}  {:>7} records: {} new, {} known", one.slug, one.pushed, one.created, one.updated);
        println!("{}", if one.unreadable > 0 { format!(", {} unreadable", one.unreadable) } else { String::new() });
        for example in &one.examples {
            println!("  {:width$}          {example}", "");
        }
    }
}

pub(super) fn round(name: &str, round: &RoundReport) {
    println!(
        "{name}: {} pending, {} completed, {} failed{}",
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
        println!("  {}  {:<18} {}{code}", task.id, task.action, task.status);
    }
}
