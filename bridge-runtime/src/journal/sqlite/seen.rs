//! What was seen in the scan, and what became of the rest.

use std::time::Duration;

use async_trait::async_trait;
use bridge_core::wire::Kind;
use jiff::{SignedDuration, Timestamp};
use rusqlite::{OptionalExtension, Transaction};

use super::{
    SqliteJournal,
    approval::{Usable, note_used_up, strike_off, usable_by},
    fault::Result,
    store::Store,
    touched::Forget,
    values::{Edges, KnownStatus, limit as sql_limit, number},
};
use crate::journal::{
    Change, EdgeKey, Ended, JournalError, Judgement, LinksLost, LossKind, Losses, MembersLost, ScanEnd, ScanJournal,
    ScanMode, Seen, folded_key,
};

impl Store {
    fn unseen(&mut self, slug: &str, ids: Vec<String>) -> Result<Vec<String>> {
        let (connection, scan) = self.scanned()?;
        let type_ = scan.type_of(connection, slug)?;
        let mut seen = connection.prepare_cached("SELECT 1 FROM scratch.seen WHERE type = ?1 AND id = ?2")?;
        let mut unseen = Vec::new();
        for id in ids {
            if !seen.exists((type_, &id))? {
                unseen.push(id);
            }
        }
        Ok(unseen)
    }

    fn set_unreadable(&mut self, slug: &str, ids: &[String]) -> Result<()> {
        self.step(|tx, scan| {
            let type_ = scan.type_for(tx, slug)?;
            scan.has_unseen = true;
            let mut note = tx.prepare_cached(
                "INSERT INTO scratch.unseen (type, id, why, known_before)
                 VALUES (?1, ?2, 'unreadable', EXISTS (SELECT 1 FROM known WHERE type = ?1 AND id = ?2))
                 ON CONFLICT (type, id) DO UPDATE SET why = excluded.why, known_before = excluded.known_before
                     WHERE why = 'absent'",
            )?;
            ids.iter().try_for_each(|id| note.execute((type_, id)).map(drop))?;
            Ok(())
        })
    }

    fn reject(&mut self, slug: &str, id: &str, surely_not_applied: bool) -> Result<()> {
        self.step(|tx, scan| {
            let type_ = scan.type_for(tx, slug)?;
            let seen = forget_seen(tx, slug, type_, id)?;
            scan.has_unseen = true;
            let mut note = tx.prepare_cached(
                "INSERT OR REPLACE INTO scratch.unseen (type, id, why, known_before)
                 VALUES (?1, ?2, 'rejected',
                         coalesce(?3, EXISTS (SELECT 1 FROM known WHERE type = ?1 AND id = ?2)))",
            )?;
            note.execute((type_, id, seen.map(|(change, _)| change != Change::Created)))?;
            // One that came twice may have been accepted the other time.
            if scan.is_push() && surely_not_applied && seen == Some((Change::Created, false)) {
                Forget::new(tx, scan.touched_before)?.refused(type_, id)?;
            }
            Ok(())
        })
    }

    fn missing(&mut self, slug: &str, after: Option<&str>, limit: usize) -> Result<Vec<String>> {
        let (connection, scan) = self.scanned()?;
        let type_ = scan.type_of(connection, slug)?;
        let mut missing = connection.prepare_cached(
            "SELECT id FROM known
             WHERE type = ?1 AND id > ?2
               -- While nothing of the type is pushed, completing does to them what it did before: nothing more.
               AND (NOT spared OR EXISTS (SELECT 1 FROM scratch.seen WHERE seen.type = known.type))
               AND NOT EXISTS (SELECT 1 FROM scratch.seen WHERE seen.type = known.type AND seen.id = known.id)
               AND NOT EXISTS (SELECT 1 FROM scratch.unseen WHERE unseen.type = known.type AND unseen.id = known.id)
             ORDER BY id LIMIT ?3",
        )?;
        // No id is empty.
        let missing = missing.query_map((type_, after.unwrap_or_default(), sql_limit(limit)), |row| row.get(0))?;
        Ok(missing.collect::<rusqlite::Result<_>>()?)
    }

    fn set_absent(&mut self, slug: &str, ids: &[String], at: Option<Duration>) -> Result<()> {
        self.step(|tx, scan| {
            let type_ = scan.type_for(tx, slug)?;
            scan.has_unseen = true;
            // Whatever else is known of one keeps it from being removed.
            let mut note = tx.prepare_cached(
                "INSERT INTO scratch.unseen (type, id, why, known_before, looked_up, folded)
                 SELECT ?1, ?2, 'absent', 1, ?3, ?4
                 WHERE NOT EXISTS (SELECT 1 FROM scratch.seen WHERE type = ?1 AND id = ?2)
                 ON CONFLICT (type, id) DO UPDATE SET looked_up = excluded.looked_up WHERE why = 'absent'",
            )?;
            ids.iter().try_for_each(|id| note.execute((type_, id, at.map(nanoseconds), folded_key(id))).map(drop))?;
            Ok(())
        })
    }

    fn stale(&mut self, slug: &str, before: Duration, after: Option<&str>, limit: usize) -> Result<Vec<String>> {
        let (connection, scan) = self.scanned()?;
        let type_ = scan.type_of(connection, slug)?;
        let mut stale = connection.prepare_cached(
            "SELECT id FROM scratch.unseen WHERE type = ?1 AND id > ?2 AND why = 'absent' AND looked_up < ?3
             ORDER BY id LIMIT ?4",
        )?;
        // No id is empty.
        let of = (type_, after.unwrap_or_default(), nanoseconds(before), sql_limit(limit));
        let stale = stale.query_map(of, |row| row.get(0))?;
        Ok(stale.collect::<rusqlite::Result<_>>()?)
    }

    fn set_read_again(&mut self, slug: &str, ids: &[String], last_touch: i64) -> Result<()> {
        self.step(|tx, scan| {
            let type_ = scan.type_for(tx, slug)?;
            let mut note =
                tx.prepare_cached("INSERT OR REPLACE INTO scratch.read_again (type, id, number) VALUES (?1, ?2, ?3)")?;
            ids.iter().try_for_each(|id| note.execute((type_, id, last_touch)).map(drop))?;
            Ok(())
        })
    }

    fn forget_absent(&mut self, slug: &str) -> Result<()> {
        self.step(|tx, scan| {
            let type_ = scan.type_for(tx, slug)?;
            tx.prepare_cached("DELETE FROM scratch.unseen WHERE type = ?1 AND why = 'absent'")?.execute([type_])?;
            Ok(())
        })
    }

    fn release(&mut self, slug: &str, held: &[(String, u64)], now: Timestamp) -> Result<Vec<bool>> {
        self.step(|tx, scan| {
            let type_ = scan.type_for(tx, slug)?;
            let approvals = usable_by(scan, tx, now)?;
            let mut find = tx.prepare_cached(
                "SELECT known.status, known.edges, seen.status, seen.edges
                 FROM scratch.seen AS seen JOIN known ON known.type = seen.type AND known.id = seen.id
                 WHERE seen.type = ?1 AND seen.id = ?2 AND seen.held = ?3",
            )?;
            let mut know = tx.prepare_cached(
                "UPDATE known SET status = ?3, edges = ?4, fingerprint = NULL WHERE type = ?1 AND id = ?2",
            )?;
            let mut still = Vec::with_capacity(held.len());
            for (id, number_) in held {
                let found = find.query_row((type_, id, number(*number_)), |row| {
                    let (known, new): ((KnownStatus, Edges), (KnownStatus, Edges)) =
                        ((row.get(0)?, row.get(1)?), (row.get(2)?, row.get(3)?));
                    Ok((known, new))
                });
                let found = found.optional()?;
                still.push(found.is_some());
                if let Some((mut known, new)) = found {
                    // What a person approved counts as made from here on, whatever becomes of the page: it is struck off,
                    // and must not count again.
                    if !approvals.is_empty() {
                        let made = strike_off_record(tx, &approvals, type_, id)?;
                        known.1 = known.1.without(&made.edges);
                        if made.deactivated {
                            known.0 = new.0;
                        }
                    }
                    let status = if new.0.is_active() { new.0 } else { known.0 };
                    know.execute((type_, id, status, known.1.and(&new.1)))?;
                }
            }
            scan.used_up.extend(note_used_up(tx, &approvals, false, now)?);
            Ok(still)
        })
    }

    fn changes(&mut self, slug: &str, change: Change, limit: usize) -> Result<Vec<String>> {
        let (connection, scan) = self.scanned()?;
        let type_ = scan.type_of(connection, slug)?;
        let mut changes = connection
            .prepare_cached("SELECT id FROM scratch.seen WHERE type = ?1 AND change = ?2 ORDER BY id LIMIT ?3")?;
        let changes = changes.query_map((type_, change, sql_limit(limit)), |row| row.get(0))?;
        Ok(changes.collect::<rusqlite::Result<_>>()?)
    }
}

/// A time of the engine's clock.
fn nanoseconds(at: Duration) -> i64 {
    i64::try_from(at.as_nanos()).unwrap_or(i64::MAX)
}

/// What of a record's reductions a person has approved.
#[derive(Default)]
struct Made {
    deactivated: bool,
    edges: Vec<EdgeKey>,
}

/// Strikes the reductions of one record off the approvals that list them.
fn strike_off_record(tx: &Transaction<'_>, approvals: &[Usable], type_: i64, id: &str) -> Result<Made> {
    let mut reductions =
        tx.prepare_cached("SELECT kind, target FROM loss WHERE type = ?1 AND kind IN (1, 2) AND id = ?2")?;
    let reductions: Vec<(LossKind, EdgeKey)> =
        reductions.query_map((type_, id), |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<rusqlite::Result<_>>()?;
    let mut made = Made::default();
    for (kind, target) in reductions {
        if strike_off(tx, approvals, (type_, kind, id, target))? {
            match kind {
                LossKind::Edge => made.edges.push(target),
                _ => made.deactivated = true,
            }
        }
    }
    Ok(made)
}

/// As if it had not been seen. Answers with what it was against the known set and whether
/// it had come twice, if it had been seen.
fn forget_seen(tx: &Transaction<'_>, slug: &str, type_: i64, id: &str) -> Result<Option<(Change, bool)>> {
    let mut seen =
        tx.prepare_cached("DELETE FROM scratch.seen WHERE type = ?1 AND id = ?2 RETURNING change, repeated")?;
    let seen = seen.query_row((type_, id), |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    let mut reduction =
        tx.prepare_cached("DELETE FROM scratch.reduction WHERE type = ?1 AND kind IN (1, 2) AND id = ?2")?;
    reduction.execute((type_, id))?;
    tx.prepare_cached("DELETE FROM scratch.target WHERE edge_key = ?1")?.execute([EdgeKey::of(slug, id)])?;
    Ok(seen)
}

#[async_trait]
impl ScanJournal for SqliteJournal {
    async fn begin_scan(&self, mode: ScanMode) -> Result<(), JournalError> {
        self.call("written", move |store| store.begin_scan(mode)).await
    }

    async fn see(&self, slug: &str, kind: Kind, records: Vec<Seen>) -> Result<Vec<Judgement>, JournalError> {
        let slug = slug.to_owned();
        self.call("written", move |store| store.see(&slug, kind, &records)).await
    }

    async fn unseen(&self, slug: &str, ids: Vec<String>) -> Result<Vec<String>, JournalError> {
        let slug = slug.to_owned();
        self.call("read", move |store| store.unseen(&slug, ids)).await
    }

    async fn set_unreadable(&self, slug: &str, ids: Vec<String>) -> Result<(), JournalError> {
        let slug = slug.to_owned();
        self.call("written", move |store| store.set_unreadable(&slug, &ids)).await
    }

    async fn reject(&self, slug: &str, id: &str, surely_not_applied: bool) -> Result<(), JournalError> {
        let (slug, id) = (slug.to_owned(), id.to_owned());
        self.call("written", move |store| store.reject(&slug, &id, surely_not_applied)).await
    }

    async fn missing(&self, slug: &str, after: Option<String>, limit: usize) -> Result<Vec<String>, JournalError> {
        let slug = slug.to_owned();
        self.call("read", move |store| store.missing(&slug, after.as_deref(), limit)).await
    }

    async fn set_absent(&self, slug: &str, ids: Vec<String>) -> Result<(), JournalError> {
        let slug = slug.to_owned();
        self.call("written", move |store| store.set_absent(&slug, &ids, None)).await
    }

    async fn set_absent_at(&self, slug: &str, ids: Vec<String>, at: Duration) -> Result<(), JournalError> {
        let slug = slug.to_owned();
        self.call("written", move |store| store.set_absent(&slug, &ids, Some(at))).await
    }

    async fn stale(
        &self,
        slug: &str,
        before: Duration,
        after: Option<String>,
        limit: usize,
    ) -> Result<Vec<String>, JournalError> {
        let slug = slug.to_owned();
        self.call("read", move |store| store.stale(&slug, before, after.as_deref(), limit)).await
    }

    async fn forget_absent(&self, slug: &str) -> Result<(), JournalError> {
        let slug = slug.to_owned();
        self.call("written", move |store| store.forget_absent(&slug)).await
    }

    async fn set_read_again(&self, slug: &str, ids: Vec<String>, last_touch: i64) -> Result<(), JournalError> {
        let slug = slug.to_owned();
        self.call("written", move |store| store.set_read_again(&slug, &ids, last_touch)).await
    }

    async fn release(&self, slug: &str, held: Vec<(String, u64)>, now: Timestamp) -> Result<Vec<bool>, JournalError> {
        let slug = slug.to_owned();
        self.call("written", move |store| store.release(&slug, &held, now)).await
    }

    async fn losses(&self, slug: &str, protected: &[String], now: Timestamp) -> Result<Losses, JournalError> {
        let (slug, protected) = (slug.to_owned(), protected.to_owned());
        self.call("read", move |store| store.losses(&slug, &protected, now)).await
    }

    async fn follow_clock(&self, step: SignedDuration, now: Timestamp) -> Result<(), JournalError> {
        self.call("written", move |store| store.follow_clock(step, now)).await
    }

    async fn links_lost(&self, slug: &str, now: Timestamp) -> Result<Vec<LinksLost>, JournalError> {
        let slug = slug.to_owned();
        self.call("read", move |store| store.links_lost(&slug, now)).await
    }

    async fn members_lost(&self, slug: &str, protected: &[String]) -> Result<Vec<MembersLost>, JournalError> {
        let (slug, protected) = (slug.to_owned(), protected.to_owned());
        self.call("read", move |store| store.members_lost(&slug, &protected)).await
    }

    async fn changes(&self, slug: &str, change: Change, limit: usize) -> Result<Vec<String>, JournalError> {
        let slug = slug.to_owned();
        self.call("read", move |store| store.changes(&slug, change, limit)).await
    }

    async fn ended(&self, limit: usize) -> Result<Ended, JournalError> {
        self.call("read", move |store| store.ended(limit)).await
    }

    async fn end_scan(&self, end: ScanEnd, at: Timestamp) -> Result<(), JournalError> {
        self.call("written", move |store| store.end_scan(end, at)).await
    }
}
