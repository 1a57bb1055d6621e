//! The end of a scan: the known set becomes what Iden holds.

use jiff::{Timestamp, ToSpan};
use rusqlite::Transaction;

use super::{
    approval::{Usable, note_used_up, strike_scan_off, usable_by},
    fault::Result,
    losses::a_day_before,
    scan::no_scan,
    session::{HELD, close},
    spelling::{forget_respelled, note_respelled},
    store::Store,
    touched::{Forget, note_unpushed, untouched},
    values::At,
};
use crate::{journal::ScanEnd, planted::Bug};

impl Store {
    pub(super) fn end_scan(&mut self, end: ScanEnd, at: Timestamp) -> Result<()> {
        let Some(scan) = &self.scan else {
            // A step that failed has ended it.
            return if end == ScanEnd::Failed { Ok(()) } else { Err(no_scan()) };
        };
        let (touched_before, writes) = (scan.touched_before, scan.is_push());
        let approvals = usable_by(scan, &self.connection, at);
        let counted = if writes { self.count_misses(at) } else { Ok(()) };
        let ended = counted.and(approvals).and_then(|approvals| match end {
            ScanEnd::Failed => Ok(()),
            _ if !writes => Ok(()),
            ScanEnd::Kept if Bug::KnownShrinksBeforeCompletion.is_planted() => {
                self.write(|tx| remove(tx, ABSENT, touched_before))
            }
            ScanEnd::Kept => self.write(|tx| {
                note_respelled(tx)?;
                confirm(tx)
            }),
            ScanEnd::Reduced => self.write(|tx| {
                strike_off(tx, &approvals, false, at)?;
                take_down(tx, at, None)?;
                note_respelled(tx)?;
                reduce(tx)
            }),
            ScanEnd::Completed { settled } => self.write(|tx| {
                strike_off(tx, &approvals, true, at)?;
                take_down(tx, at, settled.then_some(touched_before))?;
                reduce(tx)?;
                if settled {
                    note_unpushed(tx)?;
                    remove(tx, ABSENT, touched_before)?;
                }
                forget_respelled(tx)?;
                complete(tx, at, touched_before)?;
                // Until Iden says that its clean-up is done, the session stays, with the list of whom it removes.
                if settled { close(tx) } else { Ok(()) }
            }),
        });
        self.drop_scan();
        ended
    }
}

/// Iden holds what was pushed as it came.
fn confirm(tx: &Transaction<'_>) -> Result<()> {
    let mut confirm = tx.prepare_cached(
        "UPDATE known SET fingerprint = seen.fingerprint FROM scratch.seen AS seen
         WHERE seen.type = known.type AND seen.id = known.id
           AND seen.fingerprint IS NOT NULL AND seen.held IS NULL",
    )?;
    confirm.execute([])?;
    Ok(())
}

/// And what was held back at first.
fn reduce(tx: &Transaction<'_>) -> Result<()> {
    confirm(tx)?;
    let mut reduce = tx.prepare_cached(
        "UPDATE known SET status = seen.status, edges = seen.edges, fingerprint = seen.fingerprint
         FROM scratch.seen AS seen
         WHERE seen.type = known.type AND seen.id = known.id AND seen.held IS NOT NULL",
    )?;
    reduce.execute([])?;
    let mut fulfil = tx.prepare_cached(
        "DELETE FROM ordered
         WHERE EXISTS (SELECT 1 FROM scratch.reduction
                       WHERE reduction.type = ordered.type AND reduction.kind = ordered.kind
                         AND reduction.id = ordered.id AND reduction.ordered)",
    )?;
    fulfil.execute([])?;
    Ok(())
}

/// What was pushed, and with a completed session who was removed, is struck off every approval that lists it.
fn strike_off(tx: &Transaction<'_>, approvals: &[Usable], completed: bool, at: Timestamp) -> Result<()> {
    strike_scan_off(tx, approvals, completed)?;
    note_used_up(tx, approvals, completed, at)?;
    Ok(())
}

/// Writes down what is lost and was not approved, for the sum of a day. Removals only with those who are known no more: else
/// they would count again with the next session. `removed`: where they are, the last touch before the scan.
fn take_down(tx: &Transaction<'_>, at: Timestamp, removed: Option<i64>) -> Result<()> {
    tx.prepare_cached("DELETE FROM taken WHERE at <= ?1")?.execute([At(a_day_before(at))])?;
    let mut take = tx.prepare_cached(&format!(
        "INSERT INTO taken (type, at, kind, count, target)
         SELECT item.type, ?1, item.kind, count(*), coalesce(seen.type, known.type, 0) AS target_type
         FROM item
         LEFT JOIN scratch.target AS seen ON seen.edge_key = item.target AND item.kind = 2
         LEFT JOIN known ON known.edge_key = item.target AND item.kind = 2
         WHERE (item.kind <> 0 OR (?2 IS NOT NULL AND {}))
           AND NOT EXISTS (SELECT 1 FROM scratch.struck
                           WHERE struck.type = item.type AND struck.kind = item.kind
                             AND struck.id = item.id AND struck.target = item.target)
         GROUP BY item.type, item.kind, target_type",
        untouched("item.type", "item.id", "?2"),
    ))?;
    take.execute((At(at), removed))?;
    Ok(())
}

const ABSENT: &str = "SELECT type, id FROM scratch.unseen WHERE why = 'absent'";

/// Those whom this query lists are removed.
pub(super) fn remove(tx: &Transaction<'_>, those: &str, touched_before: i64) -> Result<()> {
    let mut those = tx.prepare_cached(those)?;
    let mut fulfil = tx.prepare_cached("DELETE FROM ordered WHERE type = ?1 AND id = ?2")?;
    let mut forget = Forget::new(tx, touched_before)?;
    let mut those = those.query([])?;
    while let Some(row) = those.next()? {
        let (type_, id): (i64, String) = (row.get(0)?, row.get(1)?);
        // One that stays known would be counted as lost by the next session.
        if forget.removed(type_, &id)? {
            fulfil.execute((type_, &id))?;
        }
    }
    Ok(())
}

fn complete(tx: &Transaction<'_>, at: Timestamp, touched_before: i64) -> Result<()> {
    // Of every type: one that has no records any more was read as well.
    let mut baseline = tx.prepare_cached(&format!(
        "UPDATE type SET (baseline, baseline_edges) = ({HELD}), coming = NULL, coming_edges = NULL, foreign_records = 0"
    ))?;
    baseline.execute([])?;
    // An order that no session shows must not cover a loss of its own later.
    let expired = at.checked_sub(24.hours()).unwrap_or(Timestamp::MIN);
    tx.prepare_cached("DELETE FROM ordered WHERE since <= ?1")?.execute([At(expired)])?;
    tx.prepare_cached("UPDATE ordered SET since = ?1 WHERE since IS NULL")?.execute([At(at)])?;
    tx.prepare_cached("DELETE FROM touched WHERE number <= ?1")?.execute([touched_before])?;
    tx.prepare_cached("UPDATE state SET completed_at = ?1, held = NULL")?.execute([At(at)])?;
    Ok(())
}
