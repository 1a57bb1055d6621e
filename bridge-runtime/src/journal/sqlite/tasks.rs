//! Tasks, and what they have touched.

use std::collections::HashSet;

use async_trait::async_trait;
use bridge_core::wire::{TaskId, TaskReport};
use rusqlite::{CachedStatement, Connection, OptionalExtension, Transaction};

use super::{
    SqliteJournal,
    app::type_for,
    fault::Result,
    store::Store,
    values::{Edges, KnownStatus, from_word},
};
use crate::journal::{BegunTask, JournalError, Ordered, TaskEffect, TaskJournal, Touched};

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
               AND NOT EXISTS (SELECT 1 FROM task JOIN type ON type.slug = task.slug
                               WHERE type.id = ?1 AND task.account = ?2)",
        )?;
        Ok(Forget { forget, touched_before })
    }

    /// Whether it is known no more.
    pub(super) fn record(&mut self, type_: i64, id: &str) -> Result<bool> {
        Ok(self.forget.execute((type_, id, self.touched_before))? > 0)
    }
}

impl Store {
    fn begin_task(&mut self, task: &BegunTask) -> Result<()> {
        self.write(|tx| {
            let mut begin = tx.prepare_cached(
                "INSERT INTO task (id, slug, account) VALUES (?1, ?2, ?3)
                 ON CONFLICT (id) DO UPDATE SET slug = excluded.slug, account = excluded.account",
            )?;
            begin.execute((task.id.to_string(), &task.slug, &task.account))?;
            match &task.account {
                Some(id) => touch(tx, &task.slug, id),
                None => Ok(()),
            }
        })
    }

    fn was_begun(&mut self, task: TaskId) -> Result<bool> {
        let mut begun = self.reading()?.prepare_cached("SELECT EXISTS (SELECT 1 FROM task WHERE id = ?1)")?;
        Ok(begun.query_row([task.to_string()], |row| row.get(0))?)
    }

    fn begun(&mut self) -> Result<Vec<TaskId>> {
        let mut begun = self.reading()?.prepare_cached("SELECT id FROM task ORDER BY id")?;
        let begun: Vec<String> = begun.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
        begun.into_iter().map(from_word).collect()
    }

    /// A task that no handler takes is over without having begun.
    fn set_outcome(&mut self, task: TaskId, report: &TaskReport, effect: &TaskEffect) -> Result<()> {
        let report = serde_json::to_string(report)?;
        self.write(|tx| {
            let mut over = tx.prepare_cached(
                "INSERT INTO task (id, report) VALUES (?1, ?2) ON CONFLICT (id) DO UPDATE SET report = excluded.report",
            )?;
            over.execute((task.to_string(), report))?;
            if let Some(Touched { slug, id }) = &effect.touched {
                touch(tx, slug, id)?;
                let type_ = type_for(tx, slug)?;
                let mut withdraw =
                    tx.prepare_cached("DELETE FROM ordered WHERE type = ?1 AND id = ?2 AND kind = ?3")?;
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
        })
    }

    fn outcome(&mut self, task: TaskId) -> Result<Option<TaskReport>> {
        let mut find = self.reading()?.prepare_cached("SELECT report FROM task WHERE id = ?1")?;
        let report: Option<Option<String>> = find.query_row([task.to_string()], |row| row.get(0)).optional()?;
        Ok(report.flatten().map(|report| serde_json::from_str(&report)).transpose()?)
    }

    fn end_task(&mut self, task: TaskId) -> Result<()> {
        self.write(|tx| {
            tx.prepare_cached("DELETE FROM task WHERE id = ?1")?.execute([task.to_string()])?;
            Ok(())
        })
    }

    /// It is called every round, so it writes only where there is something to forget.
    fn forget_tasks_but(&mut self, listed: &HashSet<TaskId>) -> Result<()> {
        let settled: Vec<TaskId> = self.begun()?.into_iter().filter(|task| !listed.contains(task)).collect();
        if settled.is_empty() {
            return Ok(());
        }
        self.write(|tx| {
            let mut forget = tx.prepare_cached("DELETE FROM task WHERE id = ?1")?;
            for task in settled {
                forget.execute([task.to_string()])?;
            }
            Ok(())
        })
    }

    fn is_ordered(&mut self, Ordered { slug, id, kind, .. }: &Ordered) -> Result<bool> {
        let mut ordered = self.reading()?.prepare_cached(
            "SELECT 1 FROM ordered JOIN type ON type.id = ordered.type
             WHERE type.slug = ?1 AND ordered.id = ?2 AND ordered.kind = ?3",
        )?;
        Ok(ordered.exists((slug, id, kind))?)
    }

    fn touched(&mut self) -> Result<Vec<Touched>> {
        let before = self.scan.as_ref().map(|scan| scan.touched_before);
        let connection = self.reading()?;
        // Without a scan nothing was touched since one began.
        let before = before.map_or_else(|| last_touch(connection), Ok)?;
        let mut touched = connection.prepare_cached(
            "SELECT type.slug, touched.id FROM touched JOIN type ON type.id = touched.type WHERE touched.number > ?1
             UNION
             SELECT slug, account FROM task WHERE slug IS NOT NULL AND account IS NOT NULL
             ORDER BY 1, 2",
        )?;
        let touched = touched.query_map([before], |row| Ok(Touched { slug: row.get(0)?, id: row.get(1)? }))?;
        Ok(touched.collect::<rusqlite::Result<_>>()?)
    }
}

/// A task may make or change this account: Iden may hold it from now on.
fn touch(tx: &Transaction<'_>, slug: &str, id: &str) -> Result<()> {
    let type_ = type_for(tx, slug)?;
    let mut known = tx.prepare_cached(
        "INSERT INTO known (type, id, status, edges) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (type, id) DO NOTHING",
    )?;
    known.execute((type_, id, KnownStatus::Unknown, Edges::default()))?;
    // In place of the older touch, so that its number is the last one.
    tx.prepare_cached("INSERT OR REPLACE INTO touched (type, id) VALUES (?1, ?2)")?.execute((type_, id))?;
    Ok(())
}

/// The number of the last touch; 0 before the first one.
pub(super) fn last_touch(connection: &Connection) -> Result<i64> {
    // Not the greatest number in the table: that one may have been forgotten.
    let mut last = connection.prepare_cached("SELECT seq FROM sqlite_sequence WHERE name = 'touched'")?;
    Ok(last.query_row([], |row| row.get(0)).optional()?.unwrap_or(0))
}

#[async_trait]
impl TaskJournal for SqliteJournal {
    async fn begin_task(&self, task: &BegunTask) -> Result<(), JournalError> {
        let task = task.clone();
        self.call("written", move |store| store.begin_task(&task)).await
    }

    async fn was_begun(&self, task: TaskId) -> Result<bool, JournalError> {
        self.call("read", move |store| store.was_begun(task)).await
    }

    async fn begun(&self) -> Result<Vec<TaskId>, JournalError> {
        self.call("read", Store::begun).await
    }

    async fn set_outcome(&self, task: TaskId, report: &TaskReport, effect: TaskEffect) -> Result<(), JournalError> {
        let report = report.clone();
        self.call("written", move |store| store.set_outcome(task, &report, &effect)).await
    }

    async fn outcome(&self, task: TaskId) -> Result<Option<TaskReport>, JournalError> {
        self.call("read", move |store| store.outcome(task)).await
    }

    async fn end_task(&self, task: TaskId) -> Result<(), JournalError> {
        self.call("written", move |store| store.end_task(task)).await
    }

    async fn forget_tasks_but(&self, listed: &HashSet<TaskId>) -> Result<(), JournalError> {
        let listed = listed.clone();
        self.call("written", move |store| store.forget_tasks_but(&listed)).await
    }

    async fn is_ordered(&self, loss: &Ordered) -> Result<bool, JournalError> {
        let loss = loss.clone();
        self.call("read", move |store| store.is_ordered(&loss)).await
    }

    async fn touched(&self) -> Result<Vec<Touched>, JournalError> {
        self.call("read", Store::touched).await
    }
}
