use std::collections::{BTreeMap, BTreeSet, HashSet};

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::Scope;
use super::catalog::{Kind, ResourceType, companion_slug};
use super::record::{LINKS, Record, upsert};
use super::session::{Session, SessionStatus};
use crate::error::Refusal;
use crate::validate::{Incoming, Page};

/// What one page did.
pub(crate) struct PageCounts {
    pub(crate) total: usize,
    pub(crate) created: usize,
}

impl Scope<'_> {
    /// Opens a session. Its snapshot is every record that is active now.
    pub(crate) fn start_sync(&mut self) -> Result<Uuid, Refusal> {
        for session in self.app.sessions.iter_mut().filter(|session| session.status == SessionStatus::InProgress) {
            if self.assumptions.new_session_ends_older {
                session.abandon();
            } else if !self.assumptions.several_sessions {
                return Err(Refusal::conflict(format!("sync session {} is in progress", session.id)));
            }
        }
        let session = Session::new(active(&self.app.records));
        Ok(self.app.sessions.push_mut(session).id)
    }

    /// Takes one page, all of it or nothing.
    pub(crate) fn push(&mut self, sync: Uuid, slug: &str, body: Value) -> Result<PageCounts, Refusal> {
        self.session(sync)?.check_open()?;
        let kind = self.types.pushable(slug)?;
        let page = Page::read(body, kind)?;
        self.check_integrity(&page)?;

        self.warn_about(slug, &page);

        // Nothing fails from here on.
        let session = find(&mut self.app.sessions, sync)?;
        let records = self.app.records.entry(slug.to_owned()).or_default();
        let (total, mut created) = (page.records.len(), 0);
        for Incoming { id, fields, .. } in page.records {
            session.note(slug, &id);
            if self.assumptions.companions_in_progress {
                for (field, of, member) in links(&fields) {
                    session.note(&companion_slug(of, field), &format!("{slug}/{id}/{member}"));
                }
            }
            let clear = self.assumptions.upsert_clears_left_out_fields;
            created += usize::from(upsert(records, id, fields, clear));
        }
        session.note_page();
        Ok(PageCounts { total, created })
    }

    /// 422 for an id that stands twice in the page, and for a membership or assignment of an unknown slug.
    fn check_integrity(&self, page: &Page) -> Result<(), Refusal> {
        let mut ids = HashSet::new();
        for record in &page.records {
            if !ids.insert(&record.id) {
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
            self.warnings.add(format!("`{slug}`: the custom field `{field}` was pushed"));
        }
        for field in &page.extra {
            self.warnings.add(format!("`{slug}`: the page holds the unknown field `{field}` beside `records`"));
        }
        for Incoming { id, fields, .. } in &page.records {
            for (field, of, member) in links(fields) {
                if self.app.record(of, member).is_none_or(Record::is_removed) {
                    self.warnings
                        .add(format!("`{slug}` `{id}`: `{field}` refers to `{of}` `{member}`, which is not held"));
                }
            }
        }
    }

    pub(crate) fn progress(&mut self, sync: Uuid) -> Result<Value, Refusal> {
        let mut types: Vec<_> = self.types.iter().map(ResourceType::view).collect();
        if self.assumptions.companions_in_progress {
            types.extend(self.types.companions());
        }
        let session = self.session(sync)?;
        let progress: Vec<_> = types
            .iter()
            .map(|known| {
                let count = session.count(&known.slug);
                json!({ "slug": known.slug, "name": known.name, "type": known.kind, "synced_count": count })
            })
            .collect();
        Ok(json!({ "sync_id": sync, "status": session.status.name(), "progress": progress }))
    }

    /// What was pushed is the full truth now: removes every record of the snapshot that no page held, of every type.
    pub(crate) fn complete(&mut self, sync: Uuid) -> Result<(), Refusal> {
        let session = find(&mut self.app.sessions, sync)?;
        session.check_open()?;
        let records = &mut self.app.records;
        if self.assumptions.newer_records_are_removed {
            session.snapshot_anew(active(records));
        }
        session.complete(self.assumptions.untouched_types_are_kept, |slug, id| {
            records.get_mut(slug).and_then(|records| records.get_mut(id)).is_some_and(Record::remove)
        });
        self.app.last_synced_at = Some(self.clock.stamp());
        Ok(())
    }

    /// Ends the session without a clean-up. What was pushed stays.
    pub(crate) fn abandon(&mut self, sync: Uuid) -> Result<(), Refusal> {
        let session = self.session(sync)?;
        session.check_open()?;
        session.abandon();
        Ok(())
    }

    /// Holds a record as if another way than a sync had brought it.
    pub(crate) fn put_record(&mut self, slug: &str, record: &Value) -> Result<(), Refusal> {
        let kind = self.types.pushable(slug)?;
        let page = Page::read(json!({ "records": [record] }), kind)?;
        self.check_integrity(&page)?;
        for Incoming { id, fields, .. } in page.records {
            upsert(self.app.records.entry(slug.to_owned()).or_default(), id, fields, true);
        }
        Ok(())
    }

    fn session(&mut self, sync: Uuid) -> Result<&mut Session, Refusal> {
        find(&mut self.app.sessions, sync)
    }
}

/// Slug to the ids of the records that are not removed.
fn active(records: &BTreeMap<String, BTreeMap<String, Record>>) -> BTreeMap<String, BTreeSet<String>> {
    let active = records.iter().map(|(slug, records)| {
        let active = records.iter().filter(|(_, record)| !record.is_removed());
        (slug.clone(), active.map(|(id, _)| id.clone()).collect())
    });
    active.collect()
}

fn find(sessions: &mut [Session], sync: Uuid) -> Result<&mut Session, Refusal> {
    let session = sessions.iter_mut().find(|session| session.id == sync);
    session.ok_or_else(|| Refusal::not_found(format!("sync session not found: {sync}")))
}

/// Each single membership and assignment of an account: field, slug, id.
fn links(fields: &Map<String, Value>) -> impl Iterator<Item = (&'static str, &str, &str)> {
    LINKS.iter().flat_map(move |(field, _): &(&str, Kind)| {
        let slugs = fields.get(*field).and_then(Value::as_object).into_iter().flatten();
        slugs.flat_map(move |(slug, ids)| {
            let ids = ids.as_array().into_iter().flatten().filter_map(Value::as_str);
            ids.map(move |id| (*field, slug.as_str(), id))
        })
    })
}
