//! Iden, as protocol.md describes it: the app, its types, its records, and who asks for what.

pub mod edges;
pub mod sessions;
pub mod tasks;

use std::{collections::BTreeMap, time::Duration};

use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::{
    dice::Dice,
    iden::{edges::Edges, sessions::Session, tasks::Task},
    plan::Answers,
};

/// A type and an id.
pub type Key = (String, String);

/// An account, and a group or license that it points to.
pub type Edge = (Key, Key);

/// A record as Iden holds it.
#[derive(Clone, Debug)]
pub struct Held {
    pub active: bool,
    pub fields: Map<String, Value>,
    /// What its edges are once the session is completed, where they do not end before.
    pub next_edges: Option<Edges>,
    pub upserted: Duration,
    /// The same by a request that somebody waited for, if there was one.
    pub upserted_in_time: Option<Duration>,
    /// It is here by a request that nobody waited for any more, and may have been taken for gone since that was sent.
    pub brought_late: bool,
}

/// One request.
#[derive(Clone, Debug)]
pub struct Ask {
    /// The process that sent it.
    pub by: u32,
    pub sent: Duration,
    /// It comes when nobody waits for its answer any more.
    pub late: bool,
    pub method: &'static str,
    /// Below the tenant.
    pub path: String,
    pub query: String,
    pub body: Vec<u8>,
}

impl Ask {
    pub fn parts(&self) -> Vec<&str> {
        self.path.trim_matches('/').split('/').collect()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    pub fn number(&self, name: &str) -> Option<usize> {
        self.query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('=')?.parse().ok())
    }

    pub fn word(&self, name: &str) -> Option<&str> {
        self.query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
    }
}

pub type Answer = (u16, Value);

pub fn no(status: u16, why: &str) -> Answer {
    (status, json!({ "detail": why }))
}

/// What has happened at Iden, for the oracle.
#[derive(Clone, Debug)]
pub enum Event {
    Opened(Uuid),
    Accepted(Accepted),
    Reported { task: Uuid, status: String, ask: Ask },
    Refused { task: Uuid, status: String, ask: Ask },
    Pushed(Push),
}

/// A session whose completing Iden has taken in.
#[derive(Clone, Debug)]
pub struct Accepted {
    pub session: Uuid,
    pub ask: Ask,
    pub was_abandoned: bool,
}

/// An account that a page has brought.
#[derive(Clone, Debug)]
pub struct Push {
    pub session: Uuid,
    pub key: Key,
    /// The edges that it has by that page.
    pub edges: Edges,
    /// Whether it is active by that page.
    pub in_use: bool,
    /// Nobody waited for that page any more.
    pub late: bool,
}

#[derive(Debug)]
pub struct Server {
    pub answers: Answers,
    pub app: Option<(Uuid, String)>,
    /// It was made when nobody waited for it any more: who has looked for it before could not see it.
    pub app_came_late: bool,
    pub types: BTreeMap<String, (String, String)>,
    pub records: BTreeMap<Key, Held>,
    pub sessions: BTreeMap<Uuid, Session>,
    pub tasks: BTreeMap<Uuid, Task>,
    pub events: Vec<Event>,
    pub dice: Dice,
}

impl Server {
    pub fn new(seed: u64, answers: Answers) -> Self {
        Server {
            answers,
            app: None,
            app_came_late: false,
            types: BTreeMap::new(),
            records: BTreeMap::new(),
            sessions: BTreeMap::new(),
            tasks: BTreeMap::new(),
            events: Vec::new(),
            dice: Dice::new(seed, "server"),
        }
    }

    /// Answers a request, at this time.
    pub fn answer(&mut self, now: Duration, ask: &Ask) -> Answer {
        let parts = ask.parts();
        match (ask.method, &parts[..]) {
            ("GET", ["api", "apps"]) => self.list_apps(),
            ("GET", ["api", "accounts"]) => self.count_accounts(),
            ("POST", ["api", "v1", "bridge", "apps"]) => self.create_app(ask),
            (_, ["api", "v1", "bridge", "apps", app, ..]) if !self.is_app(app) => no(404, "no such app"),
            (_, ["api", "v1", "bridge", "apps", _, rest @ ..]) => match (ask.method, rest) {
                ("POST", ["resource-types"]) => self.register(ask),
                ("PATCH", ["resource-types", slug]) => match self.types.get(*slug) {
                    Some((kind, name)) => (200, json!({"slug": slug, "name": name, "type": kind})),
                    None => no(404, "no such type"),
                },
                ("POST", ["sync"]) => self.open_session(now, ask),
                (_, ["sync", id, rest @ ..]) => self.in_session(now, ask, id, rest),
                ("GET", ["tasks"]) => self.list_tasks(now, ask),
                ("GET", ["tasks", id]) => self.show_task(now, id),
                ("PATCH", ["tasks", id, "status"]) => self.take_report(now, ask, id),
                _ => no(404, "no such path"),
            },
            _ => no(404, "no such path"),
        }
    }

    /// Does what is due by itself.
    pub fn advance(&mut self, now: Duration) {
        self.clean_up(now);
        self.expire(now);
    }

    /// When something is due next.
    pub fn next_due(&self) -> Option<Duration> {
        self.sessions.values().filter_map(|session| session.cleans_up_at).min()
    }

    /// The app was there before the connector.
    pub fn inherit(&mut self, name: &str) {
        self.app = Some((self.dice.uuid(), name.to_owned()));
    }

    pub fn active(&self, slug: &str) -> impl Iterator<Item = (&Key, &Held)> {
        let slug = slug.to_owned();
        self.records.iter().filter(move |(key, held)| key.0 == slug && held.active)
    }

    fn is_app(&self, id: &str) -> bool {
        self.app.as_ref().is_some_and(|(app, _)| app.to_string() == id)
    }

    fn list_apps(&self) -> Answer {
        let apps: Vec<Value> = self.app.iter().map(|(id, name)| json!({"external_uuid": id, "name": name})).collect();
        (200, json!({"count": apps.len(), "next": null, "previous": null, "results": apps}))
    }

    fn count_accounts(&self) -> Answer {
        let is_account = |key: &&Key| self.types.get(&key.0).is_some_and(|(kind, _)| kind == "account");
        let count = self.records.iter().filter(|(_, held)| held.active).map(|(key, _)| key).filter(is_account).count();
        (200, json!({"count": count, "next": null, "previous": null, "results": []}))
    }

    fn create_app(&mut self, ask: &Ask) -> Answer {
        let body = ask.json();
        let name = body["name"].as_str().unwrap_or_default().to_owned();
        self.app_came_late |= self.app.is_none() && ask.late;
        // A second app of the same name would be another history. That it is asked for, the oracle objects to.
        let id = self.app.as_ref().map_or_else(|| self.dice.uuid(), |(id, _)| *id);
        self.app = Some((id, name.clone()));
        let answer = json!({"id": id, "name": name, "configuration_status": "NEW",
            "created_at": "2026-01-05T09:30:00Z", "last_synced_at": null});
        (201, answer)
    }

    fn register(&mut self, ask: &Ask) -> Answer {
        let body = ask.json();
        let text = |field: &str| body[field].as_str().unwrap_or_default().to_owned();
        if self.types.contains_key(&text("slug")) {
            return no(409, "this slug is there already");
        }
        self.types.insert(text("slug"), (text("type"), text("name")));
        (201, body)
    }

    /// Takes a record's fields in, as questions P14 and P15 are answered. `late`: when a request was sent that nobody waits for
    /// any more. Whether it is new.
    pub fn upsert(&mut self, now: Duration, key: &Key, fields: &Map<String, Value>, late: Option<Duration>) -> bool {
        let answers = self.answers;
        let is_late_return = late.is_some_and(|sent| self.accepted_since(sent));
        let (is_new, is_going) = (!self.records.contains_key(key), self.is_about_to_go(key));
        let held = self.records.entry(key.clone()).or_insert_with(|| Held {
            active: true,
            fields: Map::new(),
            next_edges: None,
            upserted: now,
            upserted_in_time: None,
            brought_late: false,
        });
        held.brought_late = is_late_return && (is_new || !held.active || is_going || held.brought_late);
        let before = std::mem::take(&mut held.fields);
        let mut taken = if answers.clears_left_out { Map::new() } else { before.clone() };
        taken.extend(fields.clone());
        held.next_edges = (!answers.edges_end_at_once).then(|| edges::keep(&mut taken, &before));
        (held.fields, held.active, held.upserted) = (taken, true, now);
        if late.is_none() {
            held.upserted_in_time = Some(now);
        }
        is_new
    }
}
