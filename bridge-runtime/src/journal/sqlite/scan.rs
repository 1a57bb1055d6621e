//! The scan that is open, and its scratch database.
//!
//! What was seen is worth nothing after a crash, so it stands in a database that is never synced, attached to the journal's
//! connection. Only the known set is durable, and only where a page changes it.

use std::{collections::HashMap, path::Path};

use rusqlite::{Connection, Transaction, TransactionBehavior};
use tempfile::TempPath;

use super::{
    app,
    fault::{Fault, Result},
    folder::Folder,
    schema,
    store::Store,
    touched::last_touch,
    values::count,
};
use crate::journal::ScanMode;

/// No type has this number.
const NO_TYPE: i64 = 0;

#[derive(Debug)]
pub(super) struct Scan {
    pub(super) mode: ScanMode,
    /// The last touch before it began.
    pub(super) touched_before: i64,
    /// Whether anything stands in `scratch.unseen`.
    pub(super) has_unseen: bool,
    /// Records and edges that were known when it began, of types that were never completed.
    began_with: HashMap<i64, (u64, u64)>,
    types: HashMap<String, i64>,
    held_back: u64,
    /// The approvals of which this scan has pushed the last reduction.
    pub(super) used_up: Vec<i64>,
    /// Removed with the scan. `None`: it is in memory.
    scratch: Option<TempPath>,
}

impl Scan {
    pub(super) fn is_push(&self) -> bool {
        self.mode == ScanMode::Push
    }

    /// The number for the next record that is held back.
    pub(super) fn next_held_back(&mut self) -> u64 {
        self.held_back += 1;
        self.held_back
    }

    pub(super) fn began_with(&self, type_: i64) -> (u64, u64) {
        self.began_with.get(&type_).copied().unwrap_or_default()
    }

    /// The number of a type that something is about to be said of. A dry run makes no types: one that the journal does not
    /// know has a number below zero, which is its own.
    pub(super) fn type_for(&mut self, tx: &Transaction<'_>, slug: &str) -> Result<i64> {
        if let Some(number) = self.types.get(slug) {
            return Ok(*number);
        }
        let number = match self.mode {
            ScanMode::Push => app::type_for(tx, slug)?,
            ScanMode::Dry => app::type_of(tx, slug)?.unwrap_or_else(|| -1 - self.types.len() as i64),
        };
        self.types.insert(slug.to_owned(), number);
        Ok(number)
    }

    /// The types that something was said of, by slug.
    pub(super) fn types(&self) -> Vec<(String, i64)> {
        let mut types: Vec<_> = self.types.iter().map(|(slug, number)| (slug.clone(), *number)).collect();
        types.sort_unstable();
        types
    }

    /// The number of a type that something is asked of.
    pub(super) fn type_of(&self, connection: &Connection, slug: &str) -> Result<i64> {
        match self.types.get(slug) {
            Some(number) => Ok(*number),
            None => Ok(app::type_of(connection, slug)?.unwrap_or(NO_TYPE)),
        }
    }
}

impl Store {
    pub(super) fn begin_scan(&mut self, mode: ScanMode) -> Result<()> {
        self.drop_scan();
        self.materialise()?;
        let scratch = self.folder().map(Folder::create_scratch).transpose()?;
        if !std::mem::take(&mut self.has_empty_scratch) {
            let path = scratch.as_deref().unwrap_or(Path::new(":memory:"));
            let path = path.to_str().ok_or_else(|| Fault::other("the path of the state directory is not UTF-8"))?;
            self.connection.execute("ATTACH ?1 AS scratch", [path])?;
            if let Err(fault) = schema::create_scratch(&self.connection) {
                detach(&self.connection);
                return Err(fault);
            }
        }
        let begun = last_touch(&self.connection).and_then(|touch| Ok((touch, began_with(&self.connection)?)));
        match begun {
            Ok((touched_before, began_with)) => {
                self.scan = Some(Scan {
                    mode,
                    touched_before,
                    has_unseen: false,
                    began_with,
                    types: HashMap::new(),
                    held_back: 0,
                    used_up: Vec::new(),
                    scratch,
                });
                Ok(())
            }
            Err(fault) => {
                detach(&self.connection);
                Err(fault)
            }
        }
    }

    /// Drops what was seen, if anything was.
    pub(super) fn drop_scan(&mut self) {
        if let Some(scan) = self.scan.take() {
            // Attaching makes SQLite forget every prepared statement, so what has no file is only emptied.
            self.has_empty_scratch = scan.scratch.is_none() && schema::empty_scratch(&self.connection).is_ok();
            if !self.has_empty_scratch {
                detach(&self.connection);
            }
            drop(scan);
        }
    }

    /// The connection and the open scan, for looking.
    pub(super) fn scanned(&mut self) -> Result<(&mut Connection, &mut Scan)> {
        match &mut self.scan {
            Some(scan) => Ok((&mut self.connection, scan)),
            None => Err(no_scan()),
        }
    }

    /// One step of the scan: all of it or nothing. As long as it changes nothing of the known set, no disk is waited for.
    ///
    /// A step that fails ends the scan: the scratch database cannot take back what was done.
    pub(super) fn step<T>(&mut self, step: impl FnOnce(&Transaction<'_>, &mut Scan) -> Result<T>) -> Result<T> {
        let (connection, scan) = self.scanned()?;
        // A dry run leaves the writer's lock to the engine beside it.
        let behavior = match scan.mode {
            ScanMode::Push => TransactionBehavior::Immediate,
            ScanMode::Dry => TransactionBehavior::Deferred,
        };
        let done = connection.transaction_with_behavior(behavior).map_err(Fault::from).and_then(|tx| {
            let done = step(&tx, scan)?;
            tx.commit()?;
            Ok(done)
        });
        if done.is_err() {
            self.drop_scan();
        }
        done
    }
}

pub(super) fn no_scan() -> Fault {
    Fault::other("no scan is open")
}

/// What is known now, of types that were never completed.
fn began_with(connection: &Connection) -> Result<HashMap<i64, (u64, u64)>> {
    let mut known = connection.prepare_cached(
        "SELECT type.id, count(*), sum(length(known.edges)) / 8
         FROM type JOIN known ON known.type = type.id
         WHERE type.baseline IS NULL
         GROUP BY type.id",
    )?;
    let known = known.query_map([], |row| Ok((row.get(0)?, (count(row.get(1)?), count(row.get(2)?)))))?;
    Ok(known.collect::<rusqlite::Result<_>>()?)
}

fn detach(connection: &Connection) {
    // Where this fails, attaching fails the next time, and says so.
    let _ = connection.execute_batch(
        "DROP VIEW IF EXISTS temp.item; DROP VIEW IF EXISTS temp.loss; DROP VIEW IF EXISTS temp.respelling; DROP VIEW IF EXISTS temp.removal; DETACH scratch;",
    );
}
