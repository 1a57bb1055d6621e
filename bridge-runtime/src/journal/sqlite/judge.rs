//! What one record means against the known set.

use std::collections::{HashMap, hash_map::Entry};

use bridge_core::wire::Kind;
use rusqlite::{CachedStatement, OptionalExtension, Transaction};

use super::{
    fault::Result,
    scan::Scan,
    store::Store,
    values::{Edges, KnownStatus, number},
};
use crate::{
    journal::{Change, EdgeKey, Judgement, LoginKey, LossKind, Seen},
    planted::Bug,
};

/// A record as it is known, or is about to be.
#[derive(Debug)]
struct State {
    status: KnownStatus,
    edges: Edges,
    fingerprint: Option<i64>,
    /// A completed session removed it, and Iden may hold it all the same.
    spared: bool,
    logins: Logins,
}

type Logins = [Option<LoginKey>; 2];

/// What a record takes away.
#[derive(Debug, Default)]
struct Reduction {
    deactivated: bool,
    edges: Vec<LostEdge>,
}

#[derive(Debug)]
struct LostEdge {
    key: EdgeKey,
    /// Both sides stay, or the source says so. Else its group or license goes, and that is what counts.
    counts: bool,
}

/// Which losses of one record Iden has ordered.
#[derive(Debug, Default)]
struct Orders {
    deactivated: bool,
    gone: Edges,
}

impl Store {
    pub(super) fn see(&mut self, slug: &str, kind: Kind, records: &[Seen]) -> Result<Vec<Judgement>> {
        self.step(|tx, scan| {
            if records.is_empty() {
                return Ok(Vec::new());
            }
            let mut page = Page::new(tx, slug, scan.type_for(tx, slug)?, kind)?;
            if kind != Kind::Account {
                // First all of them: they may point to one another.
                records.iter().try_for_each(|record| page.add_target(&record.id))?;
            }
            records.iter().map(|record| page.judge(scan, record)).collect()
        })
    }
}

/// A page of records of one type.
struct Page<'a> {
    tx: &'a Transaction<'a>,
    slug: &'a str,
    type_: i64,
    kind: Kind,
    // What every record needs: even to find a statement that is prepared takes its time.
    find_known: CachedStatement<'a>,
    find_seen: CachedStatement<'a>,
    find_target: CachedStatement<'a>,
    note_seen: CachedStatement<'a>,
    /// Whether a target was seen, of those that were asked for: most accounts share theirs.
    targets: HashMap<EdgeKey, bool>,
}

impl<'a> Page<'a> {
    fn new(tx: &'a Transaction<'a>, slug: &'a str, type_: i64, kind: Kind) -> Result<Self> {
        Ok(Page {
            tx,
            slug,
            type_,
            kind,
            find_known: tx.prepare_cached(
                "SELECT status, edges, fingerprint, spared, email, username FROM known WHERE type = ?1 AND id = ?2",
            )?,
            find_seen: tx.prepare_cached("SELECT change FROM scratch.seen WHERE type = ?1 AND id = ?2")?,
            find_target: tx.prepare_cached("SELECT 1 FROM scratch.target WHERE edge_key = ?1")?,
            note_seen: tx.prepare_cached(
                "INSERT OR REPLACE INTO scratch.seen
                     (type, id, change, repeated, edge_count, dangling, held, status, edges, fingerprint)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            )?,
            targets: HashMap::new(),
        })
    }
}

impl Page<'_> {
    fn judge(&mut self, scan: &mut Scan, record: &Seen) -> Result<Judgement> {
        let known = self.known(&record.id)?;
        let before = self.seen_before(&record.id)?;
        let (kept, dangling) = self.edges(record)?;
        let (status, fingerprint) = (record.status.into(), Some(record.fingerprint));
        let new = State { status, edges: kept, fingerprint, spared: false, logins: record.logins };
        let change = match &known {
            _ if before == Some(Change::Created) => Change::Created,
            None => Change::Created,
            Some(known) if known.is(&new) => Change::Same,
            Some(_) => Change::Changed,
        };
        let reduction = match &known {
            Some(known) => self.reduction(known, &new, record)?,
            None => Reduction::default(),
        };
        let orders = if reduction.is_some() { self.orders(&record.id)? } else { Orders::default() };
        let is_free = reduction.is_ordered(&orders) || Bug::ReductionsAreNotHeldBack.is_planted();
        let held_back = (!is_free).then(|| scan.next_held_back());

        if scan.has_unseen {
            self.forget_unseen(&record.id)?;
        }
        if before.is_some() {
            self.forget_reduction(&record.id)?;
        }
        self.note_seen(&record.id, (change, before.is_some()), &new, dangling.len(), held_back)?;
        if reduction.is_some() {
            self.note_reduction(&record.id, &reduction, &orders)?;
        }
        if scan.is_push() && known.as_ref().is_some_and(|known| known.spared) {
            self.recall(&record.id)?;
        }
        if scan.is_push() && held_back.is_none() && !Bug::PushIsNotWritten.is_planted() {
            match &known {
                Some(known) if known.covers(&new) && known.logins == new.logins => {}
                // Once after an older version, which did not write them down.
                Some(known) if known.covers(&new) => self.know_logins(&record.id, new.logins)?,
                _ => self.know(&record.id, &new)?,
            }
            if reduction.is_some() {
                // It is known without it now: the loss has happened, and its order covers no later one.
                self.fulfil(&record.id, &reduction)?;
            }
        }
        let twin = self.twin(record)?;
        Ok(Judgement { change, repeated: before.is_some(), dangling, held_back, twin })
    }

    fn twin(&self, record: &Seen) -> Result<Option<String>> {
        let mut first = self.tx.prepare_cached(
            "INSERT INTO scratch.twin (type, folded, id) VALUES (?1, ?2, ?3)
             ON CONFLICT (type, folded) DO UPDATE SET id = id RETURNING id",
        )?;
        let first: String = first.query_row((self.type_, record.folded, &record.id), |row| row.get(0))?;
        Ok((first != record.id).then_some(first))
    }

    fn known(&mut self, id: &str) -> Result<Option<State>> {
        let known = self.find_known.query_row((self.type_, id), |row| {
            Ok(State {
                status: row.get(0)?,
                edges: row.get(1)?,
                fingerprint: row.get(2)?,
                spared: row.get(3)?,
                logins: [row.get(4)?, row.get(5)?],
            })
        });
        Ok(known.optional()?)
    }

    fn seen_before(&mut self, id: &str) -> Result<Option<Change>> {
        Ok(self.find_seen.query_row((self.type_, id), |row| row.get(0)).optional()?)
    }

    /// Edges to what was seen, and the positions of the others.
    fn edges(&mut self, record: &Seen) -> Result<(Edges, Vec<usize>)> {
        let (mut kept, mut dangling) = (Vec::with_capacity(record.edges.len()), Vec::new());
        for (at, key) in record.edges.iter().enumerate() {
            if self.is_target(*key)? {
                kept.push(*key);
            } else {
                dangling.push(at);
            }
        }
        Ok((Edges::of(kept), dangling))
    }

    fn is_target(&mut self, key: EdgeKey) -> Result<bool> {
        match self.targets.entry(key) {
            Entry::Occupied(known) => Ok(*known.get()),
            Entry::Vacant(new) => Ok(*new.insert(self.find_target.exists([key])?)),
        }
    }

    fn add_target(&self, id: &str) -> Result<()> {
        let mut add =
            self.tx.prepare_cached("INSERT OR REPLACE INTO scratch.target (edge_key, type, id) VALUES (?1, ?2, ?3)")?;
        add.execute((EdgeKey::of(self.slug, id), self.type_, id))?;
        Ok(())
    }

    fn reduction(&mut self, known: &State, new: &State, record: &Seen) -> Result<Reduction> {
        let deactivated = known.status.is_active() && !new.status.is_in_use();
        let mut edges = Vec::new();
        for key in known.edges.iter().filter(|key| !new.edges.contains(*key)) {
            // Listed and not kept is dangling: the source stands by it, so it is its group that was not read well.
            let counts = record.edges.contains(&key) || self.is_target(key)?;
            edges.push(LostEdge { key, counts });
        }
        Ok(Reduction { deactivated, edges })
    }

    fn orders(&self, id: &str) -> Result<Orders> {
        let mut orders = Orders::default();
        let mut found = self.tx.prepare_cached("SELECT kind, gone FROM ordered WHERE type = ?1 AND id = ?2")?;
        for found in found.query_map((self.type_, id), |row| Ok((row.get(0)?, row.get(1)?)))? {
            match found? {
                (LossKind::Removed, _) => {}
                (LossKind::Deactivated, _) => orders.deactivated = true,
                (LossKind::Edge, gone) => orders.gone = gone,
            }
        }
        Ok(orders)
    }

    fn note_seen(
        &mut self,
        id: &str,
        (change, repeated): (Change, bool),
        new: &State,
        dangling: usize,
        held_back: Option<u64>,
    ) -> Result<()> {
        let held = held_back.map(number);
        let (status, edges) = (held.map(|_| new.status), held.map(|_| &new.edges));
        let fingerprint = new.fingerprint.filter(|_| change != Change::Same);
        let dangling = number(dangling as u64);
        self.note_seen.execute((
            self.type_,
            id,
            change,
            repeated,
            new.edges.len(),
            dangling,
            held,
            status,
            edges,
            fingerprint,
        ))?;
        Ok(())
    }

    /// What neither counts nor uses an order up is not written down: a group that goes can have a million members.
    fn note_reduction(&self, id: &str, reduction: &Reduction, orders: &Orders) -> Result<()> {
        let mut note = self.tx.prepare_cached(
            "INSERT INTO scratch.reduction (type, kind, id, target, counts, ordered) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?;
        if reduction.deactivated {
            note.execute((self.type_, LossKind::Deactivated, id, 0, true, orders.deactivated))?;
        }
        for LostEdge { key, counts } in &reduction.edges {
            let ordered = orders.gone.contains(*key);
            if *counts || ordered {
                note.execute((self.type_, LossKind::Edge, id, key, counts, ordered))?;
            }
        }
        Ok(())
    }

    fn forget_reduction(&self, id: &str) -> Result<()> {
        let mut forget =
            self.tx.prepare_cached("DELETE FROM scratch.reduction WHERE type = ?1 AND kind IN (1, 2) AND id = ?2")?;
        forget.execute((self.type_, id))?;
        Ok(())
    }

    fn forget_unseen(&self, id: &str) -> Result<()> {
        let mut forget = self.tx.prepare_cached("DELETE FROM scratch.unseen WHERE type = ?1 AND id = ?2")?;
        forget.execute((self.type_, id))?;
        Ok(())
    }

    /// Writes it down before it is pushed. The fingerprint is confirmed when the scan ends.
    fn know(&self, id: &str, new: &State) -> Result<()> {
        let mut know = self.tx.prepare_cached(
            "INSERT INTO known (type, id, status, edges, edge_key, email, username) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
             ON CONFLICT (type, id) DO UPDATE SET
                 status = excluded.status, edges = excluded.edges, fingerprint = NULL, edge_key = excluded.edge_key,
                 email = excluded.email, username = excluded.username",
        )?;
        let edge_key = (self.kind != Kind::Account).then(|| EdgeKey::of(self.slug, id));
        let [email, username] = new.logins;
        know.execute((self.type_, id, new.status, &new.edges, edge_key, email, username))?;
        Ok(())
    }

    fn know_logins(&self, id: &str, [email, username]: Logins) -> Result<()> {
        let mut know =
            self.tx.prepare_cached("UPDATE known SET email = ?3, username = ?4 WHERE type = ?1 AND id = ?2")?;
        know.execute((self.type_, id, email, username))?;
        Ok(())
    }

    /// It is there again, and removed no more.
    fn recall(&self, id: &str) -> Result<()> {
        let mut recall =
            self.tx.prepare_cached("UPDATE known SET spared = 0, fingerprint = NULL WHERE type = ?1 AND id = ?2")?;
        recall.execute((self.type_, id))?;
        Ok(())
    }

    fn fulfil(&self, id: &str, reduction: &Reduction) -> Result<()> {
        let mut fulfil = self.tx.prepare_cached("DELETE FROM ordered WHERE type = ?1 AND id = ?2 AND kind = ?3")?;
        if reduction.deactivated {
            fulfil.execute((self.type_, id, LossKind::Deactivated))?;
        }
        if !reduction.edges.is_empty() {
            fulfil.execute((self.type_, id, LossKind::Edge))?;
        }
        Ok(())
    }
}

impl State {
    /// Whether Iden surely holds it so.
    fn is(&self, new: &State) -> bool {
        !self.spared && self.fingerprint == new.fingerprint && self.status == new.status && self.edges == new.edges
    }

    /// Whether nothing needs to be written before it is pushed: it is so, or is known to be unconfirmed.
    fn covers(&self, new: &State) -> bool {
        self.is(new) || (self.fingerprint.is_none() && self.status == new.status && self.edges == new.edges)
    }
}

impl Reduction {
    fn is_some(&self) -> bool {
        self.deactivated || !self.edges.is_empty()
    }

    /// Whether Iden ordered all of it; also where there is nothing.
    fn is_ordered(&self, orders: &Orders) -> bool {
        (!self.deactivated || orders.deactivated) && self.edges.iter().all(|edge| orders.gone.contains(edge.key))
    }
}
