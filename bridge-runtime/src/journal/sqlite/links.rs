//! What the scan takes from the links to each group and license, so that a small one does not drown in the total.
//!
//! Members are counted only where enough links end: that reads the whole known set.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use rusqlite::{CachedStatement, Connection, OptionalExtension};

use super::{
    fault::Result,
    losses::a_day_before,
    scan::Scan,
    store::Store,
    values::{At, Edges, count},
};
use crate::journal::{Change, EdgeKey, FEW_LINKS, LinksLost, MembersLost};

/// How many targets are remembered at a time. Most accounts share theirs.
const REMEMBERED: usize = 10_000;

impl Store {
    pub(super) fn links_lost(&mut self, slug: &str, now: Timestamp) -> Result<Vec<LinksLost>> {
        let (connection, scan) = self.scanned()?;
        let type_ = scan.type_of(connection, slug)?;
        let tx = connection.transaction()?;
        let mut targets = Targets::new(&tx)?;
        let mut by_type: HashMap<i64, LinksLost> = HashMap::new();
        let mut ended =
            tx.prepare_cached("SELECT target, count(*) FROM loss WHERE type = ?1 AND kind = 2 GROUP BY target")?;
        for row in ended.query_map([type_], |row| Ok((row.get(0)?, count(row.get(1)?))))? {
            let (key, lost) = row?;
            if let Some(target) = targets.type_of(key)? {
                by_type.entry(target).or_default().lost += lost;
            }
        }
        each_vanished(&tx, type_, |key| {
            if let Some(target) = targets.type_of(key)? {
                by_type.entry(target).or_default().vanished += 1;
            }
            Ok(())
        })?;
        let mut last_day = tx.prepare_cached(
            "SELECT coalesce(sum(count), 0) FROM taken WHERE type = ?1 AND kind = 2 AND target = ?2 AND at > ?3",
        )?;
        for (target, links) in &mut by_type {
            links.last_day = count(last_day.query_row((type_, target, At(a_day_before(now))), |row| row.get(0))?);
            links.target = slug_of(&tx, *target)?;
        }
        by_type.retain(|_, links| links.is_judged() || links.vanished > 0);
        if by_type.values().any(LinksLost::is_judged) {
            each_stayer(&tx, type_, |stayer| {
                for key in stayer.before() {
                    if let Some(links) = targets.type_of(key)?.and_then(|target| by_type.get_mut(&target)) {
                        links.before += 1;
                    }
                }
                Ok(())
            })?;
            each_struck(&tx, type_, |key, struck| {
                if let Some(links) = targets.type_of(key)?.and_then(|target| by_type.get_mut(&target)) {
                    links.before += struck;
                }
                Ok(())
            })?;
        }
        let mut links: Vec<_> = by_type.into_values().collect();
        links.sort_by(|a, b| a.target.cmp(&b.target));
        Ok(links)
    }

    pub(super) fn members_lost(&mut self, slug: &str, protected: &[String]) -> Result<Vec<MembersLost>> {
        let (connection, scan) = self.scanned()?;
        let type_ = scan.type_of(connection, slug)?;
        let accounts = account_types(connection, scan)?;
        let tx = connection.transaction()?;
        let mut targets = Targets::new(&tx)?;
        let guarded: HashSet<EdgeKey> = protected.iter().map(|id| EdgeKey::of(slug, id)).collect();
        let mut found: HashMap<EdgeKey, MembersLost> = HashMap::new();
        let mut ended = tx.prepare_cached("SELECT target, count(*) FROM loss WHERE kind = 2 GROUP BY target")?;
        for row in ended.query_map([], |row| Ok((row.get(0)?, count(row.get(1)?))))? {
            let (key, lost) = row?;
            let protected = guarded.contains(&key);
            if (protected || lost > FEW_LINKS) && targets.type_of(key)? == Some(type_) {
                found.insert(key, MembersLost { lost, protected, ..MembersLost::default() });
            }
        }
        if !guarded.is_empty() {
            each_leaver(&tx, |key| {
                if guarded.contains(&key) {
                    found.entry(key).or_insert(MembersLost { protected: true, ..MembersLost::default() });
                }
                Ok(())
            })?;
        }
        if found.is_empty() {
            return Ok(Vec::new());
        }
        for account in accounts {
            each_stayer(&tx, account, |stayer| {
                stayer.before().for_each(|key| found.get_mut(&key).into_iter().for_each(|one| one.before += 1));
                stayer.after().for_each(|key| found.get_mut(&key).into_iter().for_each(|one| one.left += 1));
                Ok(())
            })?;
            each_struck(&tx, account, |key, struck| {
                found.get_mut(&key).into_iter().for_each(|one| one.before += struck);
                Ok(())
            })?;
        }
        let mut members = Vec::with_capacity(found.len());
        for (key, lost) in found {
            // One that is missing itself is a removal.
            if let Some(id) = targets.seen(key)? {
                members.push(MembersLost { id, ..lost });
            }
        }
        members.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(members)
    }
}

impl LinksLost {
    /// Whether so many end that they are judged apart from the total.
    fn is_judged(&self) -> bool {
        self.lost > 0 && self.lost + self.last_day > FEW_LINKS
    }
}

/// Types of groups and licenses, by the keys that links have for them.
struct Targets<'a> {
    seen: CachedStatement<'a>,
    known: CachedStatement<'a>,
    remembered: HashMap<EdgeKey, Option<i64>>,
}

impl<'a> Targets<'a> {
    fn new(connection: &'a Connection) -> Result<Self> {
        Ok(Targets {
            seen: connection.prepare_cached("SELECT type, id FROM scratch.target WHERE edge_key = ?1")?,
            known: connection.prepare_cached("SELECT type FROM known WHERE edge_key = ?1")?,
            remembered: HashMap::new(),
        })
    }

    fn type_of(&mut self, key: EdgeKey) -> Result<Option<i64>> {
        if let Some(type_) = self.remembered.get(&key) {
            return Ok(*type_);
        }
        let seen = self.seen.query_row([key], |row| row.get(0)).optional()?;
        let type_ = match seen {
            None => self.known.query_row([key], |row| row.get(0)).optional()?,
            seen => seen,
        };
        if self.remembered.len() == REMEMBERED {
            self.remembered.clear();
        }
        self.remembered.insert(key, type_);
        Ok(type_)
    }

    /// The id of one that was seen.
    fn seen(&mut self, key: EdgeKey) -> Result<Option<String>> {
        Ok(self.seen.query_row([key], |row| row.get(1)).optional()?)
    }
}

fn slug_of(connection: &Connection, type_: i64) -> Result<String> {
    let mut slug = connection.prepare_cached("SELECT slug FROM type WHERE id = ?1")?;
    Ok(slug.query_row([type_], |row| row.get(0)).optional()?.unwrap_or_default())
}

/// The types that this scan has seen and that are no targets.
fn account_types(connection: &Connection, scan: &Scan) -> Result<Vec<i64>> {
    let mut target = connection.prepare_cached("SELECT 1 FROM scratch.target WHERE type = ?1")?;
    let mut accounts = Vec::new();
    for (_, type_) in scan.types() {
        if !target.exists([type_])? {
            accounts.push(type_);
        }
    }
    Ok(accounts)
}

/// The links of an account that this scan has seen.
struct Stayer {
    new: bool,
    known: Edges,
    /// Where the record is held back: what it becomes.
    becomes: Option<Edges>,
}

impl Stayer {
    fn before(&self) -> impl Iterator<Item = EdgeKey> {
        let known = if self.new { None } else { Some(&self.known) };
        known.into_iter().flat_map(Edges::iter)
    }

    fn after(&self) -> impl Iterator<Item = EdgeKey> {
        self.becomes.as_ref().unwrap_or(&self.known).iter()
    }
}

fn each_stayer(connection: &Connection, type_: i64, mut take: impl FnMut(Stayer) -> Result<()>) -> Result<()> {
    let mut stayers = connection.prepare_cached(
        "SELECT seen.change, known.edges, seen.edges
         FROM scratch.seen AS seen JOIN known ON known.type = seen.type AND known.id = seen.id WHERE seen.type = ?1",
    )?;
    let mut stayers = stayers.query([type_])?;
    while let Some(row) = stayers.next()? {
        let new = row.get::<_, Change>(0)? == Change::Created;
        take(Stayer { new, known: row.get(1)?, becomes: row.get(2)? })?;
    }
    Ok(())
}

/// Links that a person has approved and this scan has pushed: the known set is without them already.
fn each_struck(connection: &Connection, type_: i64, mut take: impl FnMut(EdgeKey, u64) -> Result<()>) -> Result<()> {
    let mut struck = connection
        .prepare_cached("SELECT target, count(*) FROM scratch.struck WHERE type = ?1 AND kind = 2 GROUP BY target")?;
    let mut struck = struck.query([type_])?;
    while let Some(row) = struck.next()? {
        take(row.get(0)?, count(row.get(1)?))?;
    }
    Ok(())
}

/// Links of accounts that stay to groups and licenses that are missing. Each other one that ends is noted as a reduction.
fn each_vanished(connection: &Connection, type_: i64, mut take: impl FnMut(EdgeKey) -> Result<()>) -> Result<()> {
    let mut held_back = connection.prepare_cached(
        "SELECT seen.id, known.edges, seen.edges
         FROM scratch.seen AS seen JOIN known ON known.type = seen.type AND known.id = seen.id
         WHERE seen.type = ?1 AND seen.held IS NOT NULL",
    )?;
    let mut noted = connection
        .prepare_cached("SELECT 1 FROM scratch.reduction WHERE type = ?1 AND kind = 2 AND id = ?2 AND target = ?3")?;
    let mut held_back = held_back.query([type_])?;
    while let Some(row) = held_back.next()? {
        let (id, known, becomes): (String, Edges, Edges) = (row.get(0)?, row.get(1)?, row.get(2)?);
        for key in known.iter().filter(|key| !becomes.contains(*key)) {
            if !noted.exists((type_, &id, key))? {
                take(key)?;
            }
        }
    }
    Ok(())
}

/// Links of accounts that would be removed.
fn each_leaver(connection: &Connection, mut take: impl FnMut(EdgeKey) -> Result<()>) -> Result<()> {
    let mut leavers = connection.prepare_cached(
        "SELECT known.edges FROM removal JOIN known ON known.type = removal.type AND known.id = removal.id",
    )?;
    let mut leavers = leavers.query([])?;
    while let Some(row) = leavers.next()? {
        row.get::<_, Edges>(0)?.iter().try_for_each(&mut take)?;
    }
    Ok(())
}
