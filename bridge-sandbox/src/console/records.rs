//! The records of an app: searched, filtered, page by page.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use uuid::Uuid;

use super::answer::{Answer, page};
use super::fields::Fields;
use super::frame::{Frame, Tab};
use super::pager::Pager;
use super::{Console, links};
use crate::view::{RecordQuery, RecordView, TypeView};

const ON_A_PAGE: usize = 50;
/// What one can filter by.
pub(crate) const STATUSES: [&str; 4] = ["active", "suspended", "inactive", "removed"];

#[derive(Template)]
#[template(path = "records.html")]
struct RecordsPage {
    frame: Frame,
    id: Uuid,
    types: Vec<TypeView>,
    query: RecordQuery,
    records: Vec<RecordView>,
    pager: Pager,
}

impl RecordsPage {
    /// Whether something is looked for.
    fn is_filtered(&self) -> bool {
        !(self.query.text.is_empty() && self.query.slug.is_empty() && self.query.status.is_empty())
    }
}

pub(super) async fn list(State(console): State<Arc<Console>>, Path(id): Path<String>, fields: Fields) -> Answer {
    let app = console.app(&id)?;
    let pager = Pager::read(links::records(app.id()), &fields, &["q", "type", "status"], ON_A_PAGE);
    let query = RecordQuery {
        slug: fields.get("type").to_owned(),
        text: fields.get("q").to_owned(),
        status: fields.get("status").to_owned(),
        offset: pager.offset,
        limit: pager.limit,
    };
    let found = app.find_records(&query);
    page(&RecordsPage {
        frame: Frame::of_app("Records", &app, Tab::Records),
        id: app.id(),
        types: app.types(),
        query,
        records: found.items,
        pager: pager.of(found.total),
    })
}

/// By what a record is known beside its name: its email, else its username, else its description.
pub(crate) fn login(record: &RecordView) -> &str {
    ["email", "username", "description"].into_iter().find_map(|field| record.fields.get(field)?.as_str()).unwrap_or("")
}

/// The status, where a removed record is nothing else.
pub(crate) fn status(record: &RecordView) -> &str {
    if record.removed { "removed" } else { &record.status }
}
