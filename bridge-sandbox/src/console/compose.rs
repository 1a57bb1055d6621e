//! The form that composes a task, as Iden would queue it.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

use super::answer::{Answer, page, render, see};
use super::draft::{ACCOUNT_FIELDS, ACTIONS, Action, Draft, LICENSE_PLACES, Mistake};
use super::fields::{Fields, Posted};
use super::frame::{Frame, Tab};
use super::{Console, links};
use crate::app::App;
use crate::new_task::NewTask;
use crate::state::link::LINKS;
use crate::view::{RecordQuery, RecordView, TypeView};

/// Accounts to choose from. More are found by typing more.
const MOST_ACCOUNTS: usize = 20;
/// Groups, or licenses, of a type to tick. Others can be given as JSON.
const MOST_TICKS: usize = 60;

#[derive(Template)]
#[template(path = "compose.html")]
struct ComposePage<'a> {
    frame: Frame,
    id: Uuid,
    draft: &'a Draft<'a>,
    fields: &'a Fields,
    account_types: Vec<TypeView>,
    accounts: Vec<RecordView>,
    found: usize,
    ticks: Vec<Ticks>,
    /// The payload as it would be sent, or what is missing.
    payload: Option<Value>,
    mistakes: Vec<Mistake>,
}

/// The records of one group or license type, to tick.
struct Ticks {
    /// `memberships` or `assignments`.
    links: &'static str,
    name: String,
    boxes: Vec<Tick>,
    others: usize,
}

struct Tick {
    value: String,
    label: String,
    is_ticked: bool,
}

impl ComposePage<'_> {
    fn mistake(&self, field: &str) -> Option<&str> {
        self.mistakes.iter().find(|mistake| mistake.field == field).map(|mistake| mistake.words.as_str())
    }

    /// The chosen account's present value of a field.
    fn present(&self, field: &str) -> &str {
        self.draft.account.as_ref().and_then(|account| account.fields.get(field)?.as_str()).unwrap_or_default()
    }

    fn is_chosen(&self, record: &RecordView) -> bool {
        self.draft.account.as_ref().is_some_and(|account| account.id == record.id)
    }

    fn is_type(&self, known: &TypeView) -> bool {
        self.draft.account_type.as_ref().is_some_and(|chosen| chosen.slug == known.slug)
    }

    fn is_status(&self, status: &str) -> bool {
        self.fields.get("status") == status
    }

    fn is_sent_in(&self, place: &str) -> bool {
        self.fields.get("licenses_in") == place
    }

    fn sets(&self, links: &str) -> bool {
        self.fields.all("set").any(|set| set == links)
    }

    /// The form for another kind of task, about the same account.
    fn other(&self, action: &Action) -> String {
        let slug = self.draft.account_type.as_ref().map_or("", |known| known.slug.as_str());
        let account = self.draft.account.as_ref().map_or("", |account| account.id.as_str());
        links::new_task_about(self.id, action.name, slug, account)
    }
}

pub(super) async fn ask(State(console): State<Arc<Console>>, Path(id): Path<String>, fields: Fields) -> Answer {
    let app = console.app(&id)?;
    let draft = Draft::read(&app, &fields);
    page(&form(&console, &app, &draft, &fields, false))
}

/// Queues the task; with `look`, only shows what would be queued.
pub(super) async fn send(
    State(console): State<Arc<Console>>,
    Path(id): Path<String>,
    Posted(fields): Posted,
) -> Answer {
    let app = console.app(&id)?;
    let draft = Draft::read(&app, &fields);
    if fields.has("look") {
        return page(&form(&console, &app, &draft, &fields, false));
    }
    match draft.task(console.now()) {
        Ok(task) => Ok(see(&links::task(app.id(), app.queue(task)))),
        Err(_) => render(StatusCode::BAD_REQUEST, &form(&console, &app, &draft, &fields, true)),
    }
}

/// `is_sent`: mistakes are shown beside their fields. Before that the person is not done yet.
fn form<'a>(console: &Console, app: &App, draft: &'a Draft<'a>, fields: &'a Fields, is_sent: bool) -> ComposePage<'a> {
    let (payload, mistakes) = match draft.task(console.now()) {
        Ok(task) => (Some(payload(&task)), Vec::new()),
        Err(mistakes) => (None, mistakes),
    };
    let types = app.types();
    let (accounts, found) = accounts(app, draft, fields.get("find"));
    ComposePage {
        frame: Frame::of_app("New task", app, Tab::Tasks).below().still(),
        id: app.id(),
        draft,
        fields,
        accounts,
        found,
        ticks: types.iter().filter_map(|known| ticks(app, known, draft, fields)).collect(),
        account_types: types.into_iter().filter(|known| known.kind == "account").collect(),
        payload,
        mistakes: if is_sent { mistakes } else { Vec::new() },
    }
}

fn payload(task: &NewTask) -> Value {
    json!({
        "action": task.action,
        "resource_type": task.resource_type,
        "execute_after": task.execute_after,
        "payload": task.payload(),
    })
}

/// The accounts to choose from, the chosen one first, and how many fit in all.
fn accounts(app: &App, draft: &Draft<'_>, text: &str) -> (Vec<RecordView>, usize) {
    let Some(known) = &draft.account_type else { return (Vec::new(), 0) };
    let query =
        RecordQuery { slug: known.slug.clone(), text: text.to_owned(), limit: MOST_ACCOUNTS, ..RecordQuery::default() };
    let found = app.find_records(&query);
    let chosen = draft.account.clone();
    let others = found.items.into_iter().filter(|record| chosen.as_ref().is_none_or(|chosen| chosen.id != record.id));
    (chosen.clone().into_iter().chain(others).collect(), found.total)
}

/// What was ticked; in a form that is opened, what the account has.
fn ticks(app: &App, known: &TypeView, draft: &Draft<'_>, fields: &Fields) -> Option<Ticks> {
    let links = LINKS.iter().find(|(_, kind)| kind.name() == known.kind)?.0;
    let query = RecordQuery {
        slug: known.slug.clone(),
        status: "active".to_owned(),
        limit: MOST_TICKS,
        ..RecordQuery::default()
    };
    let found = app.find_records(&query);
    let tick = |record: RecordView| {
        let value = format!("{}/{}", record.slug, record.id);
        let is_ticked = if fields.has("when") {
            fields.all(links).any(|ticked| ticked == value)
        } else {
            draft.has_link(links, &record)
        };
        Tick { value, label: record.label, is_ticked }
    };
    let others = found.total.saturating_sub(found.items.len());
    Some(Ticks { links, name: known.name.clone(), boxes: found.items.into_iter().map(tick).collect(), others })
}
