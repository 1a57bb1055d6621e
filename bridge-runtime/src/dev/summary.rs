//! What `dev --once` shows.

use std::{collections::BTreeMap, fmt};

use bridge_core::wire::AppId;
use serde::Serialize;
use serde_json::Value;

use crate::{sync::SyncReport, tasks::RoundReport};

/// What `dev --once` did, app by app.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct DevSummary {
    /// The parent, then its clones.
    pub apps: Vec<AppSummary>,
}

/// What `dev --once` did with one app.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct AppSummary {
    /// Its name.
    pub name: String,
    /// Its id in the sandbox.
    pub id: AppId,
    /// Whether it is a clone, which shares its parent's types and registers none.
    pub is_clone: bool,
    /// Its types, in the order of their registration: slug and kind.
    pub types: Vec<String>,
    /// The first sync.
    pub first: SyncReport,
    /// The tasks of the rehearsal.
    pub tasks: Vec<TaskSummary>,
    /// The round that carried them out.
    pub round: RoundReport,
    /// The sync after it.
    pub second: Option<SyncReport>,
    /// What the sandbox holds in the end, by slug.
    pub held: BTreeMap<String, Counts>,
}

/// How many records of one type the sandbox holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Counts {
    /// In use. Groups and licenses are that.
    pub active: usize,
    /// Suspended accounts.
    pub suspended: usize,
    /// Inactive accounts.
    pub inactive: usize,
    /// Gone: held once, and missing from a completed session.
    pub removed: usize,
}

/// One task of the rehearsal.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct TaskSummary {
    /// Its action.
    pub action: String,
    /// The account type.
    pub slug: String,
    /// The account's id.
    pub account: Option<String>,
    /// The account's id, or the login that the task names.
    pub who: Option<String>,
    /// How it was reported.
    pub status: String,
    /// The error code, if it failed.
    pub code: Option<String>,
    /// The error message, if it failed.
    pub message: Option<String>,
    /// Whether the result holds a password. The password itself is not shown.
    pub gave_password: bool,
    /// The account as the first sync left it in the sandbox.
    pub before: Option<Value>,
    /// The account as the second sync left it.
    pub after: Option<Value>,
}

impl AppSummary {
    /// What the rehearsal changed in the external system. The sandbox goes with the command, and this stays.
    fn left(&self) -> Vec<String> {
        let completed = self.tasks.iter().filter(|task| task.status == "completed");
        completed.map(|task| format!("{} {}", task.action, task.who.as_deref().unwrap_or("–"))).collect()
    }
}

impl fmt::Display for DevSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.apps.iter().enumerate().try_for_each(|(at, app)| write!(f, "{}{app}", if at > 0 { "\n" } else { "" }))
    }
}

impl fmt::Display for AppSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}  (app {})", self.name, self.id)?;
        let shares = if self.is_clone { "shares     " } else { "registered " };
        writeln!(f, "  {shares} {}", self.types.join(", "))?;
        writeln!(f, "  synced      {}", pushed(&self.first))?;
        let (completed, failed) = (self.round.completed(), self.round.failed());
        writeln!(f, "  tasks       {completed} completed, {failed} failed")?;
        self.tasks.iter().try_for_each(|task| write!(f, "{task}"))?;
        if let Some(second) = &self.second {
            writeln!(f, "  synced      {}", pushed(second))?;
        }
        let order = self.first.types.iter().filter_map(|one| self.held.get_key_value(one.slug));
        let held: Vec<String> = order.map(|(slug, counts)| format!("{slug} {counts}")).collect();
        writeln!(f, "  Iden holds  {}", held.join("; "))?;
        match self.left() {
            left if left.is_empty() => Ok(()),
            left => writeln!(f, "  left        in the external system, not undone: {}", left.join(", ")),
        }
    }
}

fn pushed(report: &SyncReport) -> String {
    let types = report.types.iter().map(|one| match one.unreadable {
        0 => format!("{} {}", one.slug, one.pushed),
        unreadable => format!("{} {} ({unreadable} unreadable)", one.slug, one.pushed),
    });
    let end = if report.completed { "completed" } else { "not completed" };
    format!("{}; {end}", types.collect::<Vec<_>>().join(", "))
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.active)?;
        for (count, what) in [(self.suspended, "suspended"), (self.inactive, "inactive"), (self.removed, "removed")] {
            if count > 0 {
                write!(f, " + {count} {what}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for TaskSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let who = self.who.as_deref().unwrap_or("–");
        writeln!(f, "    {:<18} {} {who}  {}", self.action, self.slug, self.status)?;
        if let Some(code) = &self.code {
            return writeln!(f, "        {code}: {}", self.message.as_deref().unwrap_or("no message"));
        }
        if self.gave_password {
            writeln!(f, "        a password was returned; it is not shown")?;
        }
        let (before, after) = (fields(self.before.as_ref()), fields(self.after.as_ref()));
        let changed: Vec<&String> = before
            .keys()
            .chain(after.keys().filter(|key| !before.contains_key(*key)))
            .filter(|key| before.get(*key) != after.get(*key))
            .collect();
        match (self.before.is_some(), self.after.is_some()) {
            (false, false) => writeln!(f, "        not in Iden, before and after"),
            (true, true) if changed.is_empty() && self.gave_password => Ok(()),
            (true, true) if changed.is_empty() => writeln!(f, "        as before"),
            (true, false) => writeln!(f, "        gone; it was {}", one_line(&before)),
            (false, true) => writeln!(f, "        new: {}", one_line(&after)),
            (true, true) => changed.iter().try_for_each(|key| {
                let (from, to) =
                    (before.get(*key).map_or("–", String::as_str), after.get(*key).map_or("–", String::as_str));
                writeln!(f, "        {key}: {from} -> {to}")
            }),
        }
    }
}

/// A record's fields as short text, the edges of each type as one field.
fn fields(record: Option<&Value>) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    for (key, value) in record.and_then(Value::as_object).into_iter().flatten().filter(|(key, _)| *key != "id") {
        match value {
            Value::Object(edges) => all.extend(edges.iter().map(|(slug, ids)| (format!("{key}.{slug}"), text(ids)))),
            value => drop(all.insert(key.clone(), text(value))),
        }
    }
    all
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(ids) => format!("[{}]", ids.iter().map(text).collect::<Vec<_>>().join(", ")),
        other => other.to_string(),
    }
}

fn one_line(fields: &BTreeMap<String, String>) -> String {
    fields.iter().map(|(key, value)| format!("{key} {value}")).collect::<Vec<_>>().join(", ")
}
