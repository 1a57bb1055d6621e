//! Sync sessions at Iden (protocol.md section 4).

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use serde::Deserialize;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::iden::{Accepted, Answer, Ask, Event, Held, Key, Push, Server, edges::edges_of, no};

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Stands {
    Open,
    Completed,
    Abandoned,
}

/// The body of a page.
#[derive(Deserialize)]
struct Page {
    records: Vec<Map<String, Value>>,
}

#[derive(Debug)]
pub struct Session {
    /// The process that opened it.
    pub by: u32,
    pub stands: Stands,
    pub opened: Duration,
    used: Duration,
    /// Who was active when it was opened.
    snapshot: BTreeSet<Key>,
    /// How often each was pushed.
    pub pushed: BTreeMap<Key, u32>,
    /// Whom completing removes.
    pub removes: Vec<Key>,
    accepted: Duration,
    pub cleans_up_at: Option<Duration>,
}

impl Session {
    /// Whom its clean-up is about to remove: whoever has not come back since.
    pub fn going<'a>(&'a self, records: &'a BTreeMap<Key, Held>) -> impl Iterator<Item = &'a Key> {
        let removes: &[Key] = if self.cleans_up_at.is_some() { &self.removes } else { &[] };
        removes.iter().filter(|key| records.get(*key).is_some_and(|held| held.upserted <= self.accepted))
    }
}

impl Server {
    pub fn open_session(&mut self, now: Duration, ask: &Ask) -> Answer {
        let open: Vec<Uuid> =
            self.sessions.iter().filter(|(_, session)| session.stands == Stands::Open).map(|(id, _)| *id).collect();
        if self.answers.closes_older {
            open.iter().for_each(|id| self.sessions.get_mut(id).unwrap().stands = Stands::Abandoned);
        } else if !self.answers.several_sessions && !open.is_empty() {
            return no(409, "a session is open");
        }
        let id = self.dice.uuid();
        let snapshot = self.records.iter().filter(|(_, held)| held.active).map(|(key, _)| key.clone()).collect();
        let session = Session {
            by: ask.by,
            stands: Stands::Open,
            opened: now,
            used: now,
            snapshot,
            pushed: BTreeMap::new(),
            removes: Vec::new(),
            accepted: now,
            cleans_up_at: None,
        };
        self.sessions.insert(id, session);
        self.events.push(Event::Opened(id));
        (201, json!({ "sync_id": id }))
    }

    pub fn in_session(&mut self, now: Duration, ask: &Ask, id: &str, rest: &[&str]) -> Answer {
        let Some(id) = id.parse().ok().filter(|id| self.sessions.contains_key(id)) else {
            return no(404, "no such session");
        };
        self.sessions.get_mut(&id).unwrap().used = now;
        match (ask.method, rest) {
            ("GET", []) => self.progress(id),
            ("PUT", [slug]) => self.take_page(now, ask, id, slug),
            ("POST", ["complete"]) => self.complete(now, ask, id),
            ("POST", ["abandon"]) => self.abandon(id),
            _ => no(404, "no such path"),
        }
    }

    fn progress(&self, id: Uuid) -> Answer {
        let session = &self.sessions[&id];
        let status = match session.stands {
            Stands::Open => "in_progress",
            Stands::Completed if session.cleans_up_at.is_some() && self.answers.says_processing => "processing",
            Stands::Completed => "completed",
            Stands::Abandoned => "abandoned",
        };
        let mut progress = Vec::new();
        for (slug, (kind, name)) in &self.types {
            let of_type = session.pushed.iter().filter(|(key, _)| key.0 == *slug);
            let count: u32 = of_type.map(|(_, times)| if self.answers.counts_distinct { 1 } else { *times }).sum();
            progress.push(json!({"slug": slug, "name": name, "type": kind, "synced_count": count}));
            if self.answers.lists_companions && kind != "account" {
                let companion = format!("{slug}_membership");
                progress.push(json!({"slug": companion, "name": "x", "type": "membership", "synced_count": 0}));
            }
        }
        (200, json!({"sync_id": id, "status": status, "progress": progress}))
    }

    fn take_page(&mut self, now: Duration, ask: &Ask, id: Uuid, slug: &str) -> Answer {
        if self.sessions[&id].stands != Stands::Open {
            return no(400, "this session has ended");
        }
        let Some((kind, _)) = self.types.get(slug).cloned() else { return no(404, "no such type") };
        let Ok(Page { mut records }) = serde_json::from_slice(&ask.body) else { return no(400, "this is no page") };
        if records.is_empty()
            || records.len() > 100
            || !records.iter().all(|one| one.get("id").is_some_and(Value::is_string))
        {
            return no(400, "a page has 1 to 100 records with ids");
        }
        records.iter_mut().for_each(|record| self.answers.fold(record));
        if let Some(unknown) = records.iter().find_map(|record| self.unknown_edge(record)) {
            return no(422, &format!("there is no {unknown}"));
        }
        let mut created = 0;
        for record in &records {
            let key: Key = (slug.to_owned(), record["id"].as_str().unwrap().to_owned());
            created += u64::from(self.upsert(now, &key, record, ask.late.then_some(ask.sent)));
            let session = self.sessions.get_mut(&id).unwrap();
            *session.pushed.entry(key.clone()).or_default() += 1;
            if kind == "account" {
                let in_use = record.get("status").is_none_or(|status| status == "active");
                let push = Push { session: id, key, edges: edges_of(record), in_use, late: ask.late };
                self.events.push(Event::Pushed(push));
            }
        }
        let page = records.len() as u64;
        let all: u32 = self.sessions[&id].pushed.iter().filter(|(key, _)| key.0 == slug).map(|(_, times)| times).sum();
        let total = if self.answers.cumulative_total { u64::from(all) } else { page };
        (200, json!({"total": total, "created": created, "updated": page - created}))
    }

    /// Whether a session has been completed since then.
    pub fn accepted_since(&self, sent: Duration) -> bool {
        self.sessions.values().any(|session| session.stands == Stands::Completed && session.accepted > sent)
    }

    /// Whether a clean-up is about to remove it.
    pub fn is_about_to_go(&self, key: &Key) -> bool {
        self.sessions.values().any(|session| session.going(&self.records).any(|going| going == key))
    }

    /// Whom completing leaves alone, since nothing of their type was pushed (question P12).
    pub fn spared_by(&self, session: &Session) -> Vec<Key> {
        let is_pushed = |slug: &str| session.pushed.keys().any(|key| key.0 == slug);
        let is_spared = |key: &Key| {
            !self.answers.empties_unpushed
                && !is_pushed(&key.0)
                && (self.answers.removes_newer || session.snapshot.contains(key))
        };
        let held = self.records.iter().filter(|(_, held)| held.active);
        held.map(|(key, _)| key).filter(|key| is_spared(key)).cloned().collect()
    }

    fn complete(&mut self, now: Duration, ask: &Ask, id: Uuid) -> Answer {
        let answers = self.answers;
        match self.sessions[&id].stands {
            Stands::Completed if answers.complete_twice => return (202, json!({})),
            Stands::Completed => return no(400, "this session is completed"),
            Stands::Abandoned if !answers.complete_after_abandon => return no(400, "this session is abandoned"),
            _ => {}
        }
        let session = &self.sessions[&id];
        let pushed: BTreeSet<&str> = session.pushed.keys().map(|key| key.0.as_str()).collect();
        let goes = |key: &Key| {
            !session.pushed.contains_key(key)
                && (answers.removes_newer || session.snapshot.contains(key))
                && (answers.empties_unpushed || pushed.contains(key.0.as_str()))
        };
        let held = self.records.iter().filter(|(_, held)| held.active);
        let removes = held.map(|(key, _)| key).filter(|key| goes(key)).cloned().collect();
        let session = self.sessions.get_mut(&id).unwrap();
        let was_abandoned = session.stands == Stands::Abandoned;
        (session.removes, session.stands, session.accepted) = (removes, Stands::Completed, now);
        session.cleans_up_at = Some(now + answers.cleanup);
        let pushed: Vec<Key> = session.pushed.keys().cloned().collect();
        self.end_edges_of(&pushed);
        self.events.push(Event::Accepted(Accepted { session: id, ask: ask.clone(), was_abandoned }));
        self.clean_up(now);
        (202, json!({}))
    }

    fn abandon(&mut self, id: Uuid) -> Answer {
        let answers = self.answers;
        let session = self.sessions.get_mut(&id).unwrap();
        match session.stands {
            Stands::Completed if !answers.abandon_after_complete => no(400, "this session is completed"),
            Stands::Completed => (204, Value::Null),
            Stands::Open | Stands::Abandoned => {
                session.stands = Stands::Abandoned;
                (204, Value::Null)
            }
        }
    }

    /// The background work of completed sessions.
    pub fn clean_up(&mut self, now: Duration) {
        let due = |session: &Session| session.cleans_up_at.is_some_and(|at| at <= now);
        let due: Vec<Uuid> = self.sessions.iter().filter(|(_, session)| due(session)).map(|(id, _)| *id).collect();
        for id in due {
            let session = self.sessions.get_mut(&id).unwrap();
            session.cleans_up_at = None;
            let (removes, accepted) = (session.removes.clone(), session.accepted);
            for key in &removes {
                // Whoever came back since stays.
                if let Some(held) = self.records.get_mut(key).filter(|held| held.upserted <= accepted) {
                    held.active = false;
                    self.end_edges_to(key);
                }
            }
        }
    }

    pub fn expire(&mut self, now: Duration) {
        let Some(after) = self.answers.expires else { return };
        let (gone, is_old) = (self.answers.expired_is_gone, |one: &Session| one.used + after <= now);
        for session in self.sessions.values_mut().filter(|one| one.stands == Stands::Open && is_old(one)) {
            session.stands = Stands::Abandoned;
        }
        if gone {
            self.sessions.retain(|_, one| one.stands != Stands::Abandoned || !is_old(one));
        }
    }
}
