//! What tasks have done to accounts.

use rusqlite::{CachedStatement, Connection, OptionalExtension, Transaction};

use super::{
    app::type_for,
    fault::Result,
    store::Store,
    values::{Edges, KnownStatus},
};
use crate::journal::{Ordered, TaskEffect, Touched};

/// Takes records out of the known set, but for accounts that tasks have touched since a scan began, or that one is at work
/// on: they may be there again.
pub(super) struct Forget<'a> {
    forget: CachedStatement<'a>,
    touched_before: i64,
}

impl<'a> Forget<'a> {
    pub(super) fn new(tx: &'a Transaction<'_>, touched_before: i64) -> Result<Self> {
        let forget = tx.prepare_cached(
            "DELETE FROM known
             WHERE type = ?1 AND id = ?2
               AND NOT EXISTS (SELECT 1 FROM touched WHERE touched.type = ?1 AND touched.id = ?2 AND number > ?3)
               AND NOT EXISTS (SELECT 1 FROM open_task JOIN type ON type.slug = open_task.slug
                               WHERE type.id = ?1 AND open_task.account = ?2)",
        )?;
        Ok(Forget { forget, touched_before })
    }

    /// Whether it is known no more.
    pub(super) fn record(&mut self, type_: i64, id: &str) -> Result<bool> {
        Ok(self.forget.execute((type_, id, self.touched_before))? > 0)
    }
}

impl Store {
    pub(super) fn is_ordered(&mut self, Ordered { slug, id, kind, .. }: &Ordered) -> Result<bool> {
        let mut ordered = self.reading()?.prepare_cached(
            "SELECT 1 FROM ordered JOIN type ON type.id = ordered.type
             WHERE type.slug = ?1 AND ordered.id = ?2 AND ordered.kind = ?3",
        )?;
        Ok(ordered.exists((slug, id, kind))?)
    }

    pub(super) fn touched(&mut self) -> Result<Vec<Touched>> {
        let before = self.scan.as_ref().map(|scan| scan.touched_before);
        let connection = self.reading()?;
        // Without a scan nothing was touched since one began.
        let before = before.map_or_else(|| last_touch(connection), Ok)?;
        let mut touched = connection.prepare_cached(
            "SELECT type.slug, touched.id FROM touched JOIN type ON type.id = touched.type WHERE touched.number > ?1
             UNION
             SELECT slug, account FROM open_task WHERE account IS NOT NULL
             ORDER BY 1, 2",
        )?;
        let touched = touched.query_map([before], |row| Ok(Touched { slug: row.get(0)?, id: row.get(1)? }))?;
        Ok(touched.collect::<rusqlite::Result<_>>()?)
    }
}

/// A task may make or change this account: Iden may hold it from now on.
pub(super) fn touch(tx: &Transaction<'_>, slug: &str, id: &str) -> Result<()> {
    let type_ = type_for(tx, slug)?;
    let mut known = tx.prepare_cached(
        "INSERT INTO known (type, id, status, edges) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (type, id) DO NOTHING",
    )?;
    known.execute((type_, id, KnownStatus::Unknown, Edges::default()))?;
    // In place of the older touch, so that its number is the last one.
    tx.prepare_cached("INSERT OR REPLACE INTO touched (type, id) VALUES (?1, ?2)")?.execute((type_, id))?;
    Ok(())
}

/// What a task did to its account.
pub(super) fn take_effect(tx: &Transaction<'_>, effect: &TaskEffect) -> Result<()> {
    if let Some(Touched { slug, id }) = &effect.touched {
        touch(tx, slug, id)?;
        let type_ = type_for(tx, slug)?;
        let mut withdraw = tx.prepare_cached("DELETE FROM ordered WHERE type = ?1 AND id = ?2 AND kind = ?3")?;
        effect.withdrawn.iter().try_for_each(|kind| withdraw.execute((type_, id, kind)).map(drop))?;
    }
    let mut order = tx.prepare_cached(
        "INSERT INTO ordered (type, id, kind, keep) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (type, id, kind) DO UPDATE SET since = NULL, keep = excluded.keep",
    )?;
    for Ordered { slug, id, kind, keep } in &effect.ordered {
        order.execute((type_for(tx, slug)?, id, kind, Edges::of(keep.clone())))?;
    }
    Ok(())
}

/// The number of the last touch; 0 before the first one.
pub(super) fn last_touch(connection: &Connection) -> Result<i64> {
    // Not the greatest number in the table: that one may have been forgotten.
    let mut last = connection.prepare_cached("SELECT seq FROM sqlite_sequence WHERE name = 'touched'")?;
    Ok(last.query_row([], |row| row.get(0)).optional()?.unwrap_or(0))
}
