//! What the scan means for one type.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp, ToSpan};
use rusqlite::{Connection, OptionalExtension, Params};

use super::{
    fault::Result,
    store::Store,
    values::{At, count, limit as sql_limit},
};
use crate::journal::{Ended, LossKind, Losses, PlanItem, Sum};

/// How many ids that came back in another spelling are named.
const EXAMPLES: i64 = 5;

impl Store {
    pub(super) fn losses(&mut self, slug: &str, protected: &[String], now: Timestamp) -> Result<Losses> {
        let (connection, scan) = self.scanned()?;
        let type_ = scan.type_of(connection, slug)?;
        // One look at both databases, whatever is written beside it.
        let tx = connection.transaction()?;
        let (baseline, baseline_edges) = match completed(&tx, type_)? {
            Some(completed) => completed,
            None => scan.began_with(type_),
        };
        let mut losses = Losses {
            baseline,
            baseline_edges,
            lost: sum(
                &tx,
                "SELECT 0, count(*) FROM removal WHERE type = ?1
                 UNION ALL
                 SELECT kind, count(*) FROM loss WHERE type = ?1 GROUP BY kind",
                [type_],
            )?,
            last_day: sum(
                &tx,
                "SELECT kind, sum(count) FROM taken WHERE type = ?1 AND at > ?2 GROUP BY kind",
                (type_, At(a_day_before(now))),
            )?,
            protected: removed(&tx, type_, protected)?,
            protected_deactivated: deactivated(&tx, type_, protected)?,
            respellings: respellings(&tx, type_)?,
            unreadable: unseen(&tx, type_, "unreadable")?,
            rejected: unseen(&tx, type_, "rejected")?,
            ..Losses::default()
        };
        let mut respelled = tx.prepare_cached("SELECT count(*) FROM respelling WHERE type = ?1")?;
        losses.respelled = count(respelled.query_row([type_], |row| row.get(0))?);
        let mut seen = tx.prepare_cached(
            "SELECT count(*), total(change = 0), total(change = 1), total(dangling) FROM scratch.seen WHERE type = ?1",
        )?;
        (losses.present, losses.created, losses.changed, losses.dangling) = seen.query_row([type_], |row| {
            let total = |at| row.get::<_, f64>(at).map(|total| total as u64);
            Ok((count(row.get(0)?), total(1)?, total(2)?, total(3)?))
        })?;
        Ok(losses)
    }

    pub(super) fn follow_clock(&mut self, step: SignedDuration, now: Timestamp) -> Result<()> {
        // What a clock can be off by has far fewer nanoseconds than a number holds.
        let step = step.clamp(-LONGEST_STEP, LONGEST_STEP);
        let before = At(now.saturating_sub(step).unwrap_or(now)).nanoseconds();
        let step = i64::try_from(step.as_nanos()).unwrap_or(0);
        let mut ahead = self.reading()?.prepare_cached("SELECT 1 FROM taken WHERE at > ?1")?;
        let follows = step != 0 || ahead.exists([before])?;
        drop(ahead);
        if !follows {
            return Ok(());
        }
        self.write(|tx| {
            tx.prepare_cached("UPDATE taken SET at = min(at, ?2) + ?1")?.execute((step, before))?;
            Ok(())
        })
    }
}

impl Store {
    pub(super) fn ended(&mut self, limit: usize) -> Result<Ended> {
        let (connection, _) = self.scanned()?;
        let tx = connection.transaction()?;
        let mut sums = BTreeMap::<String, Sum>::new();
        let mut counts = tx.prepare_cached(&format!(
            "SELECT type.slug, gone.kind, count(*) FROM ({ENDED}) AS gone JOIN type ON type.id = gone.type
             GROUP BY type.slug, gone.kind"
        ))?;
        let mut counts = counts.query([])?;
        while let Some(row) = counts.next()? {
            add(sums.entry(row.get(0)?).or_default(), row.get(1)?, count(row.get(2)?));
        }
        // A target that was not seen in this scan is named by the known set, if that has it.
        let mut items = tx.prepare_cached(&format!(
            "SELECT type.slug, gone.kind, gone.id, target_type.slug, coalesce(seen.id, known.id)
             FROM ({ENDED}) AS gone JOIN type ON type.id = gone.type
             LEFT JOIN scratch.target AS seen ON seen.edge_key = gone.target AND gone.kind = 2
             LEFT JOIN known ON known.edge_key = gone.target AND gone.kind = 2
             LEFT JOIN type AS target_type ON target_type.id = coalesce(seen.type, known.type)
             ORDER BY type.slug, gone.kind, gone.id, gone.target LIMIT ?1"
        ))?;
        let items = items.query_map([sql_limit(limit)], |row| {
            let target = row.get::<_, Option<String>>(3)?.zip(row.get(4)?);
            Ok(PlanItem::new(row.get(0)?, row.get(1)?, row.get(2)?, target))
        })?;
        Ok(Ended::new(sums, items.collect::<rusqlite::Result<_>>()?))
    }
}

/// Whom completing removes, and which reductions the session has pushed. Whom an earlier session has spared, that one
/// removed.
const ENDED: &str = "
    SELECT type, 0 AS kind, id, 0 AS target FROM scratch.unseen
    WHERE why = 'absent'
      AND EXISTS (SELECT 1 FROM main.known
                  WHERE known.type = unseen.type AND known.id = unseen.id AND NOT known.spared)
    UNION ALL
    SELECT type, kind, id, target FROM scratch.reduction";

const LONGEST_STEP: SignedDuration = SignedDuration::from_hours(50 * 366 * 24);

/// Losses that lie longer back are forgotten.
pub(super) fn a_day_before(now: Timestamp) -> Timestamp {
    now.checked_sub(24.hours()).unwrap_or(Timestamp::MIN)
}

/// Records and edges of the last completed session, if there was one.
fn completed(connection: &Connection, type_: i64) -> Result<Option<(u64, u64)>> {
    let mut completed = connection
        .prepare_cached("SELECT baseline, baseline_edges FROM type WHERE id = ?1 AND baseline IS NOT NULL")?;
    Ok(completed.query_row([type_], |row| Ok((count(row.get(0)?), count(row.get(1)?)))).optional()?)
}

/// Counts by kind of loss.
fn sum(connection: &Connection, sql: &str, of: impl Params) -> Result<Sum> {
    let mut kinds = connection.prepare_cached(sql)?;
    let mut kinds = kinds.query(of)?;
    let mut sum = Sum::default();
    while let Some(row) = kinds.next()? {
        add(&mut sum, row.get(0)?, count(row.get(1)?));
    }
    Ok(sum)
}

fn add(sum: &mut Sum, kind: LossKind, more: u64) {
    match kind {
        LossKind::Removed => sum.removed += more,
        LossKind::Deactivated => sum.deactivated += more,
        LossKind::Edge => sum.edges += more,
    }
}

/// Which of these ids would be removed.
fn removed(connection: &Connection, type_: i64, ids: &[String]) -> Result<Vec<String>> {
    let mut would = connection.prepare_cached("SELECT 1 FROM removal WHERE type = ?1 AND id = ?2")?;
    let mut removed = Vec::new();
    for id in ids {
        if would.exists((type_, id))? {
            removed.push(id.clone());
        }
    }
    Ok(removed)
}

/// Which of these ids would become inactive or suspended.
fn deactivated(connection: &Connection, type_: i64, ids: &[String]) -> Result<Vec<String>> {
    let mut would = connection.prepare_cached("SELECT 1 FROM loss WHERE type = ?1 AND kind = 1 AND id = ?2")?;
    let mut deactivated = Vec::new();
    for id in ids {
        if would.exists((type_, id))? {
            deactivated.push(id.clone());
        }
    }
    Ok(deactivated)
}

/// The first ids that came back in another spelling, with that one.
fn respellings(connection: &Connection, type_: i64) -> Result<Vec<(String, String)>> {
    let mut first = connection.prepare_cached("SELECT id, now FROM respelling WHERE type = ?1 ORDER BY id LIMIT ?2")?;
    let first = first.query_map((type_, EXAMPLES), |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(first.collect::<rusqlite::Result<_>>()?)
}

/// How many records that Iden may hold were not seen, for this reason.
fn unseen(connection: &Connection, type_: i64, why: &str) -> Result<u64> {
    let mut unseen = connection.prepare_cached(
        "SELECT count(*) FROM scratch.unseen
         WHERE type = ?1 AND why = ?2 AND known_before
           AND NOT EXISTS (SELECT 1 FROM scratch.seen WHERE seen.type = unseen.type AND seen.id = unseen.id)",
    )?;
    Ok(count(unseen.query_row((type_, why), |row| row.get(0))?))
}
