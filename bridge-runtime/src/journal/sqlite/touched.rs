//! What tasks have done to accounts.

use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{CachedStatement, Connection, OptionalExtension, Row, Transaction};

use super::{
    app::type_for,
    fault::Result,
    spelling::known_id,
    store::Store,
    values::{At, Edges, KnownStatus},
};
use crate::{
    journal::{Holdings, LossKind, Ordered, TaskEffect, Touched, folded, folded_key},
    planted::Bug,
};

/// Takes records out of the known set, but for accounts that tasks have touched since a scan began, or that one is at work
/// on: they may be there again. Whoever is removed with the last of a type is spared: Iden may leave a type alone that a
/// session pushed nothing of (question P12).
pub(super) struct Forget<'a> {
    spare: CachedStatement<'a>,
    forget: CachedStatement<'a>,
    touched_before: i64,
}

/// So long after a scan that has looked for somebody in vain, another one counts. A sync that fails is soon tried again: three in
/// a row say no more than one.
const NEXT_MISS: Duration = Duration::from_secs(5 * 60);

/// In place of the misses of an account that was made while a scan was open: the end of that scan begins the count.
const MADE_WHILE_SCANNING: i64 = -1;

/// Whether no task has to do with this record since that touch.
pub(super) fn untouched(type_: &str, id: &str, touched_before: &str) -> String {
    format!(
        "NOT EXISTS (SELECT 1 FROM touched
                     WHERE touched.type = {type_} AND touched.id = {id} AND number > {touched_before})
         AND NOT EXISTS (SELECT 1 FROM open_task JOIN type ON type.slug = open_task.slug
                         WHERE type.id = {type_} AND coalesce(open_task.known_as, open_task.account) = {id})"
    )
}

impl<'a> Forget<'a> {
    pub(super) fn new(tx: &'a Transaction<'_>, touched_before: i64) -> Result<Self> {
        let it = format!("type = ?1 AND id = ?2 AND {}", untouched("?1", "?2", "?3"));
        let spare = tx.prepare_cached(&format!(
            "UPDATE known SET spared = 1 WHERE {it} AND EXISTS (SELECT 1 FROM type WHERE type.id = ?1 AND unpushed)"
        ))?;
        let forget = tx.prepare_cached(&format!("DELETE FROM known WHERE {it}"))?;
        Ok(Forget { spare, forget, touched_before })
    }

    /// Whether it is known no more: Iden never held it.
    pub(super) fn refused(&mut self, type_: i64, id: &str) -> Result<bool> {
        Ok(self.forget.execute((type_, id, self.touched_before))? > 0)
    }

    /// Whether it counts as removed now: it is known no more, or spared.
    pub(super) fn removed(&mut self, type_: i64, id: &str) -> Result<bool> {
        let spared = self.spare.execute((type_, id, self.touched_before))? > 0;
        Ok(spared || self.refused(type_, id)?)
    }
}

/// Writes down of which types the open scan has pushed nothing.
pub(super) fn note_unpushed(tx: &Transaction<'_>) -> Result<()> {
    let mut note = tx.prepare_cached(
        "UPDATE type SET unpushed = NOT EXISTS (SELECT 1 FROM scratch.seen WHERE seen.type = type.id)",
    )?;
    note.execute([])?;
    Ok(())
}

impl Store {
    pub(super) fn is_ordered(&mut self, Ordered { slug, id, kind, .. }: &Ordered) -> Result<bool> {
        let mut ordered = self.reading()?.prepare_cached(
            "SELECT 1 FROM ordered JOIN type ON type.id = ordered.type
             WHERE type.slug = ?1 AND ordered.id = ?2 AND ordered.kind = ?3",
        )?;
        Ok(ordered.exists((slug, id, kind))?)
    }

    pub(super) fn is_awaited(&mut self, Touched { slug, id }: &Touched) -> Result<bool> {
        let mut awaited = self.reading()?.prepare_cached("SELECT 1 FROM awaited WHERE slug = ?1 AND id = ?2")?;
        Ok(awaited.exists((slug, id))?)
    }

    pub(super) fn touched(&mut self) -> Result<Vec<Touched>> {
        let before = self.scan.as_ref().map(|scan| scan.touched_before);
        // Whom this scan has seen is there.
        let unseen = if before.is_some() { format!("WHERE NOT {}", seen("awaited")) } else { String::new() };
        let read_again = match before {
            Some(_) => {
                "AND NOT EXISTS (SELECT 1 FROM scratch.read_again AS again
                                 WHERE again.type = touched.type AND again.id = touched.id
                                   AND again.number >= touched.number)"
            }
            None => "",
        };
        let connection = self.reading()?;
        // Without a scan nothing was touched since one began.
        let before = before.map_or_else(|| last_touch(connection), Ok)?;
        let mut touched = connection.prepare_cached(&format!(
            "SELECT type.slug, touched.id FROM touched JOIN type ON type.id = touched.type
             WHERE touched.number > ?1 {read_again}
             UNION
             SELECT slug, id FROM awaited {unseen}
             UNION
             SELECT slug, coalesce(known_as, account) FROM open_task WHERE account IS NOT NULL
             ORDER BY 1, 2"
        ))?;
        let touched = touched.query_map([before], account)?;
        Ok(touched.collect::<rusqlite::Result<_>>()?)
    }

    pub(super) fn at_work(&mut self) -> Result<Vec<Touched>> {
        let mut at_work = self.reading()?.prepare_cached(
            "SELECT slug, coalesce(known_as, account) FROM open_task WHERE account IS NOT NULL
             EXCEPT
             SELECT slug, id FROM awaited
             ORDER BY 1, 2",
        )?;
        let at_work = at_work.query_map([], account)?;
        Ok(at_work.collect::<rusqlite::Result<_>>()?)
    }

    /// Takes down whom of the accounts that tasks have made a scan has seen, and whom it has looked for in vain. Of those that
    /// were made while it was open it says nothing: it may have seen the account that was there before.
    pub(super) fn count_misses(&mut self, at: Timestamp) -> Result<()> {
        self.write(|tx| {
            let mut seen = tx.prepare_cached(&format!(
                "UPDATE touched SET made = 0 WHERE made AND misses <> ?1 AND {}",
                seen("touched")
            ))?;
            seen.execute([MADE_WHILE_SCANNING])?;
            let mut missed = tx.prepare_cached(
                "UPDATE touched SET misses = misses + 1, missed_at = iif(misses = ?1, NULL, ?2)
                 WHERE made
                   AND (misses = ?1
                        OR EXISTS (SELECT 1 FROM scratch.unseen
                                   WHERE unseen.type = touched.type AND unseen.id = touched.id AND why = 'absent')
                           -- Whichever way the clock was set meanwhile.
                           AND (missed_at IS NULL OR abs(?2 - missed_at) >= ?3))",
            )?;
            missed.execute((MADE_WHILE_SCANNING, At(at), NEXT_MISS.as_nanos() as i64))?;
            Ok(())
        })
    }
}

/// Whether the scan has seen the account of this row, in whatever spelling.
fn seen(row: &str) -> String {
    format!(
        "(EXISTS (SELECT 1 FROM scratch.seen WHERE seen.type = {row}.type AND seen.id = {row}.id)
          OR EXISTS (SELECT 1 FROM scratch.twin JOIN scratch.seen ON seen.type = twin.type AND seen.id = twin.id
                     WHERE twin.type = {row}.type AND twin.folded = {row}.folded))"
    )
}

/// From the columns slug, id.
fn account(row: &Row<'_>) -> rusqlite::Result<Touched> {
    Ok(Touched { slug: row.get(0)?, id: row.get(1)? })
}

/// A task may make or change this account: Iden may hold it from now on. Answers with the id that it is known by.
/// `made`: it was not there before, and the id is the system's own.
pub(super) fn touch(tx: &Transaction<'_>, slug: &str, id: &str, made: bool) -> Result<String> {
    if Bug::TouchIsNotWritten.is_planted() {
        return Ok(id.to_owned());
    }
    let type_ = type_for(tx, slug)?;
    let id = if made { id.to_owned() } else { known_id(tx, type_, id)? };
    let mut known = tx.prepare_cached(
        "INSERT INTO known (type, id, status, edges) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (type, id) DO UPDATE SET spared = 0 WHERE spared",
    )?;
    known.execute((type_, &id, KnownStatus::Unknown, Edges::default()))?;
    // In place of the older touch, so that its number is the last one. It has been waited for as long as before, unless it
    // is a new one.
    let mut again = tx.prepare_cached(
        "INSERT OR REPLACE INTO touched (type, id, made, misses, missed_at, folded)
         SELECT ?1, ?2, ?3 OR coalesce(max(made), 0), iif(?3, 0, coalesce(max(misses), 0)), iif(?3, NULL, max(missed_at)), ?4
         FROM touched WHERE type = ?1 AND id = ?2",
    )?;
    again.execute((type_, &id, made, folded_key(&id)))?;
    Ok(id)
}

/// What a task did to its account. `made`: the task made it. `scanning`: while a scan was open.
pub(super) fn take_effect(tx: &Transaction<'_>, effect: &TaskEffect, made: bool, scanning: bool) -> Result<()> {
    let mut known_as = None;
    if let Some(Touched { slug, id: named }) = &effect.touched {
        let id = &touch(tx, slug, named, made)?;
        let type_ = type_for(tx, slug)?;
        if made && scanning {
            let mut note = tx.prepare_cached("UPDATE touched SET misses = ?3 WHERE type = ?1 AND id = ?2")?;
            note.execute((type_, id, MADE_WHILE_SCANNING))?;
        }
        if let [email, username] = effect.logins
            && (email.is_some() || username.is_some())
        {
            let mut given = tx.prepare_cached(
                "UPDATE known SET email = coalesce(?3, email), username = coalesce(?4, username)
                 WHERE type = ?1 AND id = ?2",
            )?;
            given.execute((type_, id, email, username))?;
        }
        let mut withdraw = tx.prepare_cached("DELETE FROM ordered WHERE type = ?1 AND id = ?2 AND kind = ?3")?;
        effect.withdrawn.iter().try_for_each(|kind| withdraw.execute((type_, id, kind)).map(drop))?;
        known_as = Some((slug, named, id.clone()));
    }
    let mut order = tx.prepare_cached(
        "INSERT INTO ordered (type, id, kind, gone) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (type, id, kind) DO UPDATE SET since = NULL, gone = excluded.gone",
    )?;
    let mut give_up = tx.prepare_cached("UPDATE touched SET made = 0 WHERE type = ?1 AND id = ?2")?;
    for Ordered { slug, id, kind, holds } in &effect.ordered {
        let type_ = type_for(tx, slug)?;
        let id = &match &known_as {
            Some((touched, named, known)) if (*touched, *named) == (slug, id) => known.clone(),
            _ => known_id(tx, type_, id)?,
        };
        let gone = if *kind == LossKind::Edge { gone(tx, (type_, id), holds.as_ref())? } else { Edges::default() };
        order.execute((type_, id, kind, gone))?;
        // Nobody is waited for whom Iden has ordered away.
        if *kind == LossKind::Removed {
            give_up.execute((type_, id))?;
        }
    }
    Ok(())
}

/// The edges that an account is to lose by an order: of those that it is known to have, what the order names the type of and
/// not the id. Of a type that it does not name, what an earlier one took away.
fn gone(tx: &Transaction<'_>, account: (i64, &String), holds: Option<&Holdings>) -> Result<Edges> {
    let mut known = tx.prepare_cached("SELECT edges FROM known WHERE type = ?1 AND id = ?2")?;
    let known: Edges = known.query_row(account, |row| row.get(0)).optional()?.unwrap_or_default();
    let Some(holds) = holds else { return Ok(known) };
    let mut before = tx.prepare_cached("SELECT gone FROM ordered WHERE type = ?1 AND id = ?2 AND kind = ?3")?;
    let before = before.query_row((account.0, account.1, LossKind::Edge), |row| row.get(0)).optional()?;
    let before: Edges = before.unwrap_or_default();
    let mut target = tx.prepare_cached(
        "SELECT type.slug, known.id FROM known JOIN type ON type.id = known.type WHERE known.edge_key = ?1",
    )?;
    let mut gone = Vec::new();
    for key in known.iter() {
        let named = target.query_row([key], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)));
        let goes = match named.optional()?.map(|(slug, id)| (holds.get(&slug), id)) {
            // Iden may write the id otherwise than it was pushed (question P7).
            Some((Some(ids), id)) => !ids.iter().any(|named| folded(named) == folded(&id)),
            _ => before.contains(key),
        };
        if goes {
            gone.push(key);
        }
    }
    Ok(Edges::of(gone))
}

/// The number of the last touch; 0 before the first one.
pub(super) fn last_touch(connection: &Connection) -> Result<i64> {
    // Not the greatest number in the table: that one may have been forgotten.
    let mut last = connection.prepare_cached("SELECT seq FROM sqlite_sequence WHERE name = 'touched'")?;
    Ok(last.query_row([], |row| row.get(0)).optional()?.unwrap_or(0))
}
