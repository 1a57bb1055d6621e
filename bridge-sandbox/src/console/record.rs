//! One record: what is held of it, what it is linked to, and how it came to be so.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use jiff::Timestamp;
use serde_json::Value;
use uuid::Uuid;

use super::answer::{Answer, Problem, page};
use super::fields::Fields;
use super::frame::{Frame, Tab};
use super::pager::Pager;
use super::{Console, links};
use crate::app::App;
use crate::shown;
use crate::state::link::LINKS;
use crate::view::{Cause, HistoryView, RecordChange, RecordView};

/// Members of a group on a page.
const ON_A_PAGE: usize = 50;

/// The order of protocol.md section 5.
const ORDER: [&str; 9] =
    ["id", "email", "username", "first_name", "last_name", "display_name", "name", "description", "status"];

#[derive(Template)]
#[template(path = "record.html")]
struct RecordPage {
    frame: Frame,
    now: Timestamp,
    id: Uuid,
    record: RecordView,
    kind: String,
    /// The plain fields.
    fields: Vec<(String, Value)>,
    links: Vec<LinkedType>,
    holders: Vec<RecordView>,
    pager: Pager,
    history: HistoryView,
}

/// The records of one type that an account is linked to.
struct LinkedType {
    name: String,
    records: Vec<Linked>,
}

/// A record that an account is linked to.
struct Linked {
    label: String,
    /// Empty where no such record is held.
    link: String,
}

pub(super) async fn show(State(console): State<Arc<Console>>, Path(id): Path<String>, fields: Fields) -> Answer {
    let app = console.app(&id)?;
    let (slug, record_id) = (fields.exact("type"), fields.exact("id"));
    let found = app.record(slug, record_id).zip(app.history(slug, record_id));
    let Some((record, history)) = found else {
        return Err(Problem::not_found(
            "There is no such record",
            format!(
                "App `{}` has never held a record `{record_id}` of type `{slug}`. Search at {}.",
                app.name(),
                links::records(app.id())
            ),
        ));
    };
    let types = app.types();
    let kind = types.iter().find(|known| known.slug == record.slug).map(|known| known.kind.clone()).unwrap_or_default();
    let path = links::record(app.id(), &record.slug, &record.id);
    let pager = Pager::read(path, &fields, &[], ON_A_PAGE);
    let holders = app.holders(&record.slug, &record.id, pager.offset, pager.limit);
    let is_link = |name: &String| LINKS.iter().any(|(link, _)| link == name);
    let plain = record.fields.as_object().into_iter().flatten().filter(|(name, _)| !is_link(name));
    page(&RecordPage {
        frame: Frame::of_app(&record.label, &app, Tab::Records).below(),
        now: console.now(),
        id: app.id(),
        kind,
        fields: ordered(plain.map(|(name, value)| (name.clone(), value.clone())).collect()),
        links: linked(&app, &record),
        holders: holders.items,
        pager: pager.of(holders.total),
        history,
        record,
    })
}

/// The fields of the protocol first, in its order; then the others by name.
fn ordered(mut fields: Vec<(String, Value)>) -> Vec<(String, Value)> {
    fields.sort_by_key(|(name, _)| ORDER.iter().position(|known| known == name).unwrap_or(ORDER.len()));
    fields
}

fn linked(app: &App, record: &RecordView) -> Vec<LinkedType> {
    let types = app.types();
    let maps = LINKS.iter().filter_map(|(field, _)| record.fields.get(*field)?.as_object()).flatten();
    let linked = |(slug, ids): (&String, &Value)| LinkedType {
        name: types.iter().find(|known| known.slug == *slug).map_or_else(|| slug.clone(), |known| known.name.clone()),
        records: ids.as_array().into_iter().flatten().filter_map(Value::as_str).map(|id| link(app, slug, id)).collect(),
    };
    maps.map(linked).collect()
}

fn link(app: &App, slug: &str, id: &str) -> Linked {
    match app.record(slug, id) {
        Some(record) => Linked { label: record.label, link: links::record(app.id(), slug, id) },
        None => Linked { label: id.to_owned(), link: String::new() },
    }
}

/// A value in a line: text as it is, everything else as JSON.
pub(crate) fn value(value: &Value) -> String {
    match value {
        Value::String(text) => shown::line(text),
        other => shown::line(&other.to_string()),
    }
}

/// The whole of a value that does not fit into a line.
pub(crate) fn whole(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => shown::is_cut(text).then(|| shown::block(text)),
        other => shown::is_cut(&other.to_string()).then(|| shown::json(other)),
    }
}

/// A kind of change, as a status.
pub(crate) fn change(change: &RecordChange) -> &'static str {
    match change {
        RecordChange::Created => "created",
        RecordChange::Changed => "changed",
        RecordChange::Removed => "removed",
        RecordChange::CameBack => "came_back",
    }
}

/// What made a change, in words, with the page that shows it.
pub(crate) fn cause(app: &Uuid, cause: &Cause) -> (String, Option<String>) {
    match cause {
        Cause::Page { session, page } => (format!("page {page} of a sync session"), Some(links::session(app, session))),
        Cause::Completion { session } => ("completing a sync session".to_owned(), Some(links::session(app, session))),
        Cause::Report { task } => ("the report of a task".to_owned(), Some(links::task(app, task))),
        Cause::Hand => ("put by hand".to_owned(), None),
    }
}
