//! The app and its types.

use async_trait::async_trait;
use bridge_core::wire::Kind;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Transaction};

use super::{
    SqliteJournal,
    fault::Result,
    store::Store,
    values::{At, count, from_word, word},
};
use crate::journal::{AppJournal, JournalError, KnownApp, KnownType, UnreadType};

/// Everything that is about one app. The approvals as well: the plan of another app can have the same hash.
const FORGET: &str = "
UPDATE state SET completed_at = NULL, held = NULL, status = NULL;
DELETE FROM session;
DELETE FROM task;
DELETE FROM touched;
DELETE FROM ordered;
DELETE FROM respelled;
DELETE FROM taken;
DELETE FROM leaving;
DELETE FROM plan;
DELETE FROM approval;
DELETE FROM known;
DELETE FROM type;
";

impl Store {
    fn app(&mut self) -> Result<Option<KnownApp>> {
        known_app(self.reading()?)
    }

    fn set_app(&mut self, app: KnownApp) -> Result<()> {
        let other = self.write(|tx| {
            let other = known_app(tx)?.is_some_and(|known| known.id != app.id);
            if other {
                tx.execute_batch(FORGET)?;
            }
            let origin = word(&app.origin)?;
            tx.execute("UPDATE state SET app = ?1, origin = ?2", (app.id.to_string(), origin))?;
            Ok(other)
        })?;
        if other {
            self.drop_scan();
        }
        Ok(())
    }

    fn types(&mut self) -> Result<Vec<KnownType>> {
        let mut types = self.reading()?.prepare_cached(
            "SELECT slug, name, kind, (SELECT count(*) FROM known WHERE known.type = type.id) FROM type ORDER BY slug",
        )?;
        let types = types.query_map([], |row| {
            Ok(KnownType { slug: row.get(0)?, name: row.get(1)?, kind: row.get(2)?, known: count(row.get(3)?) })
        })?;
        Ok(types.collect::<rusqlite::Result<_>>()?)
    }

    fn unread_types(&mut self, read: &[&'static str]) -> Result<Vec<UnreadType>> {
        let connection = self.reading()?;
        let mut all = connection.prepare_cached("SELECT id, slug, foreign_records FROM type ORDER BY slug")?;
        let mut at_stake = connection.prepare_cached(
            "SELECT count(*) FROM known
             WHERE type = ?1 AND NOT spared
               AND NOT EXISTS (SELECT 1 FROM ordered
                               WHERE ordered.type = known.type AND ordered.id = known.id AND ordered.kind = 0)",
        )?;
        let mut unread = Vec::new();
        for one in all.query_map([], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?, row.get(2)?)))? {
            let (id, slug, foreign) = one?;
            if !read.contains(&&*slug) {
                unread.push(UnreadType::new(slug, count(at_stake.query_row([id], |row| row.get(0))?), foreign));
            }
        }
        Ok(unread)
    }

    fn note_type(&mut self, slug: &str, kind: &str, foreign: bool) -> Result<()> {
        self.write(|tx| {
            let mut note = tx.prepare_cached(
                "INSERT INTO type (slug, kind, foreign_records) VALUES (?1, nullif(?2, ''), ?3)
                 ON CONFLICT (slug) DO UPDATE SET
                     kind = coalesce(excluded.kind, kind), foreign_records = max(foreign_records, excluded.foreign_records)",
            )?;
            note.execute((slug, kind, foreign))?;
            Ok(())
        })
    }

    fn set_registered(&mut self, slug: &str, kind: Kind, name: &str) -> Result<()> {
        self.write(|tx| {
            let mut set = tx.prepare_cached(
                "INSERT INTO type (slug, kind, name) VALUES (?1, ?2, ?3)
                 ON CONFLICT (slug) DO UPDATE SET kind = excluded.kind, name = excluded.name",
            )?;
            set.execute((slug, kind.as_str(), name))?;
            Ok(())
        })
    }

    fn unknown(&mut self, slug: &str, ids: Vec<String>) -> Result<Vec<String>> {
        let connection = self.reading()?;
        let Some(type_) = type_of(connection, slug)? else { return Ok(Vec::new()) };
        if !connection.prepare_cached("SELECT 1 FROM known WHERE type = ?1")?.exists([type_])? {
            return Ok(Vec::new());
        }
        let mut known = connection.prepare_cached("SELECT 1 FROM known WHERE type = ?1 AND id = ?2 AND NOT spared")?;
        let mut unknown = Vec::new();
        for id in ids {
            if !known.exists((type_, &id))? {
                unknown.push(id);
            }
        }
        Ok(unknown)
    }

    fn completed_at(&mut self) -> Result<Option<Timestamp>> {
        let at = self.reading()?.query_row("SELECT completed_at FROM state", [], |row| row.get::<_, Option<At>>(0))?;
        Ok(at.map(|At(at)| at))
    }
}

fn known_app(connection: &Connection) -> Result<Option<KnownApp>> {
    let found = connection
        .query_row("SELECT app, origin FROM state WHERE app IS NOT NULL", [], |row| Ok((row.get(0)?, row.get(1)?)));
    let Some((id, origin)) = found.optional()? else { return Ok(None) };
    Ok(Some(KnownApp { id: from_word(id)?, origin: from_word(origin)? }))
}

/// The number of a type, if it has one.
pub(super) fn type_of(connection: &Connection, slug: &str) -> Result<Option<i64>> {
    let mut find = connection.prepare_cached("SELECT id FROM type WHERE slug = ?1")?;
    Ok(find.query_row([slug], |row| row.get(0)).optional()?)
}

/// The number of a type; a new one if it has none.
pub(super) fn type_for(tx: &Transaction<'_>, slug: &str) -> Result<i64> {
    if let Some(found) = type_of(tx, slug)? {
        return Ok(found);
    }
    tx.prepare_cached("INSERT INTO type (slug) VALUES (?1)")?.execute([slug])?;
    Ok(tx.last_insert_rowid())
}

#[async_trait]
impl AppJournal for SqliteJournal {
    async fn app(&self) -> Result<Option<KnownApp>, JournalError> {
        self.call("read", Store::app).await
    }

    async fn set_app(&self, app: KnownApp) -> Result<(), JournalError> {
        self.call("written", move |store| store.set_app(app)).await
    }

    async fn types(&self) -> Result<Vec<KnownType>, JournalError> {
        self.call("read", Store::types).await
    }

    async fn unread_types(&self, read: &[&'static str]) -> Result<Vec<UnreadType>, JournalError> {
        let read = read.to_owned();
        self.call("read", move |store| store.unread_types(&read)).await
    }

    async fn note_type(&self, slug: &str, kind: &str, foreign: bool) -> Result<(), JournalError> {
        let (slug, kind) = (slug.to_owned(), kind.to_owned());
        self.call("written", move |store| store.note_type(&slug, &kind, foreign)).await
    }

    async fn set_registered(&self, slug: &str, kind: Kind, name: &str) -> Result<(), JournalError> {
        let (slug, name) = (slug.to_owned(), name.to_owned());
        self.call("written", move |store| store.set_registered(&slug, kind, &name)).await
    }

    async fn unknown(&self, slug: &str, ids: &[String]) -> Result<Vec<String>, JournalError> {
        let (slug, ids) = (slug.to_owned(), ids.to_owned());
        self.call("read", move |store| store.unknown(&slug, ids)).await
    }

    async fn completed_at(&self) -> Result<Option<Timestamp>, JournalError> {
        self.call("read", Store::completed_at).await
    }
}
