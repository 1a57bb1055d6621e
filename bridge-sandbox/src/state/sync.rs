use std::collections::{BTreeMap, HashSet};

use serde_json::{Value, json};
use uuid::Uuid;

use super::Scope;
use super::agenda::Event;
use super::catalog::{ResourceType, companion_slug};
use super::coverage::{Keys, PageNote};
use super::id::canonical;
use super::link::{LINKS, links, only_links};
use super::record::{Record, Upserted};
use super::session::{Session, SessionStatus};
use crate::error::Refusal;
use crate::validate::{Incoming, Page};
use crate::view::Cause;

/// Warnings about links that one page gets at most. It can hold millions.
const MOST_WARNINGS: usize = 100;

/// What one page did.
pub(crate) struct PageCounts {
    pub(crate) total: usize,
    pub(crate) created: usize,
}

impl Scope<'_> {
    /// Opens a session. Its snapshot is every record that is active now.
    pub(crate) fn start_sync(&mut self) -> Result<Uuid, Refusal> {
        let (assumptions, now) = (self.assumptions, self.clock.stamp());
        for session in self.app.sessions.iter_mut().filter(|session| session.status == SessionStatus::InProgress) {
            if assumptions.new_session_ends_older {
                session.abandon(now, assumptions.abandoned_can_be_completed);
                self.touched.session(self.app.id, session.id);
            } else if !assumptions.several_sessions {
                return Err(Refusal::conflict(format!("sync session {} is in progress", session.id)));
            }
        }
        let session = Session::new(active(&self.app.records), now);
        let sync = self.app.sessions.push_mut(session).id;
        self.touched.session(self.app.id, sync);
        if let Some(time) = assumptions.session_expires_after {
            self.put_down(time, Event::Expiry(sync));
        }
        Ok(sync)
    }

    /// Takes one page, all of it or nothing.
    pub(crate) fn push(&mut self, sync: Uuid, slug: &str, body: Value) -> Result<PageCounts, Refusal> {
        find(&mut self.app.sessions, sync)?.check_open()?;
        let page = Page::read(body, self.types.pushable(slug)?)?;
        self.check_integrity(&page)?;

        self.warn_about(slug, &page);

        // Nothing fails from here on.
        let (assumptions, now) = (self.assumptions, self.clock.stamp());
        let session = find(&mut self.app.sessions, sync)?;
        let cause = Cause::Page { session: sync, page: session.next_page() };
        let records = self.app.records.entry(slug.to_owned()).or_default();
        let (total, mut created, mut note) = (page.records.len(), 0, PageNote::default());
        for Incoming { id, fields, .. } in page.records {
            let key = canonical(&id, &assumptions).into_owned();
            if assumptions.companions_in_progress {
                for (field, of, member) in links(&fields) {
                    note.add(&companion_slug(of, field), format!("{slug}/{key}/{member}"));
                }
            }
            if assumptions.links_end_at_completion {
                note.links.push((slug.to_owned(), key.clone(), only_links(&fields)));
            }
            let upserted = Record::upsert(records, key.clone(), fields, &assumptions, now, cause);
            created += usize::from(upserted == Upserted::Created);
            if upserted != Upserted::Unchanged {
                self.touched.record(self.app.id, slug, &key);
            }
            note.add(slug, key);
        }
        self.touched.page(sync, &note);
        session.take_page(slug, note, total, created);
        self.touched.session(self.app.id, sync);
        Ok(PageCounts { total, created })
    }

    /// 422 for an id that stands twice in the page, and for a membership or assignment of an unknown slug.
    pub(super) fn check_integrity(&self, page: &Page) -> Result<(), Refusal> {
        let mut ids = HashSet::new();
        for record in &page.records {
            if !ids.insert(canonical(&record.id, &self.assumptions)) {
                return Err(Refusal::integrity(format!(
                    "{}: integrity error: the page holds this id twice",
                    record.place()
                )));
            }
            for (field, kind) in LINKS {
                for slug in record.fields.get(field).and_then(Value::as_object).into_iter().flat_map(|map| map.keys()) {
                    let trouble = match self.types.get(slug).map(|known| known.kind) {
                        Some(known) if known == kind => continue,
                        Some(known) => format!("`{slug}` is a type of kind {}, not {}", known.name(), kind.name()),
                        None => format!("unknown {} type `{slug}`", kind.name()),
                    };
                    return Err(Refusal::integrity(format!("{}: `{field}`: {trouble}", record.place())));
                }
            }
        }
        Ok(())
    }

    /// What is accepted, and yet likely a mistake: fields outside the protocol, and links to records that are not held.
    fn warn_about(&mut self, slug: &str, page: &Page) {
        for field in &page.unknown {
            self.warn(format!("`{slug}`: the custom field `{field}` was pushed"));
        }
        for field in &page.extra {
            self.warn(format!("`{slug}`: the page holds the unknown field `{field}` beside `records`"));
        }
        let all = page.records.iter().flat_map(|record| links(&record.fields).map(move |link| (&record.id, link)));
        let dangling = all.filter(|(_, (_, of, member))| self.record(of, member).is_none_or(Record::is_removed));
        let warnings: Vec<_> = dangling
            .map(|(id, (field, of, member))| {
                format!("`{slug}` `{id}`: `{field}` refers to `{of}` `{member}`, which is not held")
            })
            .take(MOST_WARNINGS)
            .collect();
        warnings.into_iter().for_each(|warning| self.warn(warning));
    }

    pub(crate) fn progress(&mut self, sync: Uuid) -> Result<Value, Refusal> {
        let mut types: Vec<_> = self.types.iter().map(ResourceType::view).collect();
        if self.assumptions.companions_in_progress {
            types.extend(self.types.companions());
        }
        let is_total = self.assumptions.synced_count_is_total;
        let session = find(&mut self.app.sessions, sync)?;
        let progress: Vec<_> = types
            .iter()
            .map(|known| {
                let count = session.count(&known.slug, is_total);
                json!({ "slug": known.slug, "name": known.name, "type": known.kind, "synced_count": count })
            })
            .collect();
        Ok(json!({ "sync_id": sync, "status": session.status.name(), "progress": progress }))
    }

    /// Holds a record as if another way than a sync had brought it.
    pub(crate) fn put_record(&mut self, slug: &str, record: &Value, cause: Cause) -> Result<(), Refusal> {
        let page = Page::read(json!({ "records": [record] }), self.types.pushable(slug)?)?;
        self.check_integrity(&page)?;
        let now = self.clock.stamp();
        // Such a record is given as a whole.
        let assumptions = crate::Assumptions {
            upsert_clears_left_out_fields: true,
            links_end_at_completion: false,
            ..self.assumptions
        };
        for Incoming { id, fields, .. } in page.records {
            let records = self.app.records.entry(slug.to_owned()).or_default();
            let key = canonical(&id, &assumptions).into_owned();
            self.touched.record(self.app.id, slug, &key);
            Record::upsert(records, key, fields, &assumptions, now, cause);
        }
        Ok(())
    }

    pub(crate) fn record(&self, slug: &str, id: &str) -> Option<&Record> {
        self.app.records.get(slug)?.get(&*canonical(id, &self.assumptions))
    }
}

/// Slug to the ids of the records that are not removed.
pub(super) fn active(records: &BTreeMap<String, BTreeMap<String, Record>>) -> Keys {
    let active = records.iter().map(|(slug, records)| {
        let active = records.iter().filter(|(_, record)| !record.is_removed());
        (slug.clone(), active.map(|(id, _)| id.clone()).collect())
    });
    active.collect()
}

pub(super) fn find(sessions: &mut [Session], sync: Uuid) -> Result<&mut Session, Refusal> {
    // From the newest: a connector that syncs every minute leaves many old ones.
    let session = sessions.iter_mut().rev().find(|session| session.id == sync);
    session.ok_or_else(|| Refusal::not_found(format!("sync session not found: {sync}")))
}
