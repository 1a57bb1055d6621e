//! Results on standard output, and words for a person on standard error.

use std::{
    collections::BTreeSet,
    fmt::Write as _,
    io::{self, Write as _},
};

use serde::Serialize;
use serde_json::{Value, json};

use bridge_core::{EdgeKind, TypeSchema, wire::text::printable};

use super::{
    ink::{Ink, washed},
    logging, screen,
    terminal::Stream,
};
use crate::{
    connector::{ConnectorError, Member},
    journal::{LossKind, PlanItem},
    sync::{Plan, SyncReport},
    tasks::RoundReport,
};

pub(super) fn json(value: &impl Serialize) -> Result<(), ConnectorError> {
    out(&text(value)?)
}

/// The document, with a line feed at its end.
pub(super) fn text(value: &impl Serialize) -> Result<String, ConnectorError> {
    let text = serde_json::to_string_pretty(value).map_err(|error| ConnectorError::Other(error.into()))?;
    Ok(text + "\n")
}

/// Writes a result to standard output. Whoever reads it may stop early, as `head` does: that is no error, and no panic.
pub(super) fn out(text: &str) -> Result<(), ConnectorError> {
    match write(text, Stream::Out) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            let said = format!("the result could not be written to standard output: {error}");
            Err(ConnectorError::Other(said.into()))
        }
        _ => Ok(()),
    }
}

/// Writes to standard error what is no result. Where the log is for machines, it is an entry of it.
pub(super) fn tell(text: &str) {
    if logging::is_for_machines() {
        tracing::info!("{}", text.trim_end());
    } else {
        // Where nobody can be told, there is nobody to tell so.
        drop(write(text, Stream::Err));
    }
}

/// As [`tell`], of what a person has to know.
pub(super) fn warn(text: &str) {
    if logging::is_for_machines() {
        tracing::warn!("{}", text.trim_end());
    } else {
        drop(write(text, Stream::Err));
    }
}

fn write(text: &str, stream: Stream) -> io::Result<()> {
    let text = if stream.has_colours() { text.to_owned() } else { washed(text) };
    screen::beside(|| match stream {
        Stream::Out => io::stdout().write_all(text.as_bytes()).and_then(|()| io::stdout().flush()),
        Stream::Err => io::stderr().write_all(text.as_bytes()),
    })
}

/// What each member registers, sends and handles.
pub(super) fn schema(members: &[Box<dyn Member>]) -> Value {
    let of = |member: &dyn Member| {
        let types: Vec<Value> = member.types().iter().map(type_schema).collect();
        json!({"app": member.name(), "resource_types": types, "tasks": member.handlers()})
    };
    match members {
        [one] => of(one.as_ref()),
        several => several.iter().map(|member| of(member.as_ref())).collect(),
    }
}

/// A type as it is registered, with the fields that its records carry and where their links point.
fn type_schema(schema: &TypeSchema) -> Value {
    let TypeSchema { slug, name, kind, fields, edges, .. } = schema;
    let mut value = json!({"slug": slug, "name": name, "type": kind, "fields": fields});
    for kind in [EdgeKind::Membership, EdgeKind::Assignment] {
        let slugs: Vec<_> = edges.iter().filter(|edge| edge.kind == kind).map(|edge| edge.slug).collect();
        if !slugs.is_empty() {
            value[kind.field()] = json!(slugs);
        }
    }
    value
}

pub(super) fn synced(name: &str, report: &SyncReport) -> Result<(), ConnectorError> {
    let outcome = if report.completed { Ink::Good.on("synced, completed") } else { Ink::Bad.on("not completed") };
    let mut text = format!("{name}: {outcome}\n");
    let width = report.types.iter().map(|one| one.slug.len()).max().unwrap_or(0);
    for one in &report.types {
        let more = [
            (one.lost.removed, if report.completed { "removed" } else { "missing" }),
            (if report.held.is_some() { one.held_back } else { 0 }, "held back"),
            (one.unreadable, "unreadable"),
            (one.rejected, "refused by Iden"),
            (one.dangling, "edges left out"),
        ];
        let more: String =
            more.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!(", {count} {what}")).collect();
        let (slug, pushed, created, updated) = (one.slug, one.pushed, one.created, one.updated);
        let _ = writeln!(text, "  {slug:width$}  {pushed:>7} records: {created} new, {updated} known{more}");
        losses(&mut text, &report.losses, one.slug, width);
        for example in one.examples.iter().chain(&one.rejected_examples).chain(&one.dangling_examples) {
            // The text comes from the external system.
            let _ = writeln!(text, "  {:width$}          {}", "", printable(example, 300));
        }
    }
    unread(&mut text, &report.losses, &report.types.iter().map(|one| one.slug).collect::<Vec<_>>());
    out(&text)
}

pub(super) fn round(name: &str, round: &RoundReport) -> Result<(), ConnectorError> {
    let mut text = format!(
        "{name}: {} pending, {} completed, {} failed{}\n",
        round.pending,
        round.completed(),
        round.failed(),
        [
            (round.waiting, "to be tried again"),
            (round.blocked, "behind another one of their account"),
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
    out(&text)
}

/// How many losses of each type and kind are printed one by one.
const MOST_PRINTED: usize = 20;

pub(super) fn plan(name: &str, plan: &Plan) -> Result<(), ConnectorError> {
    let mut text = if plan.losses.is_empty() && plan.held.is_empty() {
        format!("{name}: a sync would take nothing away\n")
    } else {
        format!("{name}: plan {}\n", plan.hash)
    };
    let width = plan.types.iter().map(|one| one.slug.len()).max().unwrap_or(0);
    for one in &plan.types {
        let figures = [
            (one.created, "to create"),
            (one.changed, "to change"),
            (one.lost.removed, "to remove"),
            (one.lost.deactivated, "to deactivate"),
            (one.lost.edges, "edges to end"),
            (one.unreadable, "unreadable"),
        ];
        let figures = figures.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}"));
        let figures = figures.collect::<Vec<_>>().join(", ");
        let figures = if figures.is_empty() { "nothing to do".to_owned() } else { figures };
        let _ = writeln!(text, "  {:width$}  {:>7} records: {figures}", one.slug, one.present);
        for (ids, count, what) in [(&one.created_ids, one.created, "create"), (&one.changed_ids, one.changed, "change")]
        {
            let shown: Vec<_> = ids.iter().take(MOST_PRINTED).map(|id| printable(id, 80)).collect();
            let more = count.saturating_sub(shown.len() as u64);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            if !shown.is_empty() {
                let _ = writeln!(text, "  {:width$}    {what}: {}{more}", "", shown.join(" "));
            }
        }
        losses(&mut text, &plan.losses, one.slug, width);
    }
    unread(&mut text, &plan.losses, &plan.types.iter().map(|one| one.slug).collect::<Vec<_>>());
    if plan.app.is_none() {
        text.push_str("no app exists yet: a sync creates it\n");
    }
    if plan.held.is_empty() {
        text += &format!("{}\n", Ink::Good.on("a sync would go through"));
    } else if let Some(approval) = &plan.approved {
        text += &format!("{}\n", Ink::Good.on(format!("a sync would go through: {approval} is approved")));
        for reason in &plan.held {
            let _ = writeln!(text, "  - {reason}");
        }
    } else {
        text += &format!("{}\n", Ink::Warning.on("a sync would be held:"));
        for reason in &plan.held {
            let _ = writeln!(text, "  - {reason}");
        }
        let remedy = if plan.can_be_approved() {
            format!("to let exactly this through: approve {} --reason \"…\"\n", plan.hash)
        } else {
            "this cannot be approved: mend the records that cannot be read\n".to_owned()
        };
        text.push_str(&remedy);
    }
    out(&text)
}

/// What goes with types that the connector does not read.
fn unread(text: &mut String, items: &[PlanItem], read: &[&str]) {
    let slugs = items.iter().map(|item| item.slug.as_str()).filter(|slug| !read.contains(slug));
    for slug in slugs.collect::<BTreeSet<_>>() {
        let _ = writeln!(text, "  {}  not read by this connector", printable(slug, 80));
        losses(text, items, slug, slug.len());
    }
}

fn losses(text: &mut String, losses: &[PlanItem], slug: &str, width: usize) {
    for (kind, what) in [(LossKind::Removed, "remove"), (LossKind::Deactivated, "deactivate"), (LossKind::Edge, "end")]
    {
        let all: Vec<_> = losses.iter().filter(|item| item.slug == slug && item.kind == kind).collect();
        let shown = all.iter().take(MOST_PRINTED).map(|item| match &item.target {
            Some((slug, id)) => format!("{} at {slug} {}", printable(&item.id, 80), printable(id, 80)),
            None => printable(&item.id, 80),
        });
        let separator = if kind == LossKind::Edge { ", " } else { " " };
        let shown = shown.collect::<Vec<_>>().join(separator);
        let more = all.len().saturating_sub(MOST_PRINTED);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        if !shown.is_empty() {
            let _ = writeln!(text, "  {:width$}    {what}: {shown}{more}", "");
        }
    }
}
