//! Approvals: a person's word that one plan may pass.

use async_trait::async_trait;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, Transaction};

use super::{
    SqliteJournal,
    app::type_of,
    fault::Result,
    losses::a_day_before,
    scan::{Scan, no_scan},
    store::Store,
    values::At,
};
use crate::{
    journal::{Approval, ApprovalError, EdgeKey, Hold, HoldReason, JournalError, LossKind, PlanItem, PlanJournal},
    planted::Bug,
};

/// What became of an approval.
enum Approved {
    Taken(Hold),
    Unknown,
    Refused { why: String },
}

impl Store {
    fn approve(&mut self, approval: &Approval) -> Result<Approved> {
        // A typing error must not make a journal.
        let Some(hold) = planned(self.reading()?, &approval.hash)? else { return Ok(Approved::Unknown) };
        let refused: Vec<_> = hold.reasons.iter().filter(|reason| !reason.can_be_approved()).collect();
        if !refused.is_empty() {
            let why = refused.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
            return Ok(Approved::Refused { why });
        }
        self.write(|tx| {
            let mut approve =
                tx.prepare_cached("INSERT INTO approval (hash, reasons, who, reason, at) VALUES (?1, ?2, ?3, ?4, ?5)")?;
            let reasons = serde_json::to_string(&hold.reasons)?;
            approve.execute((&approval.hash, reasons, &approval.who, &approval.reason, At(approval.at)))?;
            let number = tx.last_insert_rowid();
            for copy in [
                "INSERT INTO approved_item (approval, type, kind, id, target)
                 SELECT ?1, type, kind, item.id, target
                 FROM plan JOIN plan_item AS item ON item.plan = plan.id WHERE hash = ?2",
                "INSERT INTO approved_pushed (approval, slug, id)
                 SELECT ?1, slug, pushed.id
                 FROM plan JOIN plan_pushed AS pushed ON pushed.plan = plan.id WHERE hash = ?2",
            ] {
                tx.prepare_cached(copy)?.execute((number, &approval.hash))?;
            }
            Ok(Approved::Taken(hold))
        })
    }

    fn covering_approval(&mut self, reasons: &[HoldReason], now: Timestamp) -> Result<Option<String>> {
        let Some(scan) = &self.scan else { return Err(no_scan()) };
        let connection = &self.connection;
        if reasons.is_empty() {
            return Ok(None);
        }
        for approved in usable_by(scan, connection, now)? {
            let lists = |reason: &HoldReason| approved.reasons.iter().any(|then| reason.is_like(then));
            if reasons.iter().all(lists) && covers(connection, scan, approved.number, reasons)? {
                return Ok(Some(approved.hash));
            }
        }
        Ok(None)
    }

    fn approvals(&mut self) -> Result<Vec<Approval>> {
        let mut all =
            self.reading()?.prepare_cached(&format!("SELECT {COLUMNS} FROM approval ORDER BY number DESC"))?;
        Ok(all.query_map([], approval)?.collect::<rusqlite::Result<_>>()?)
    }
}

const COLUMNS: &str = "hash, who, reason, at, used_at";

/// From [`COLUMNS`].
fn approval(row: &Row<'_>) -> rusqlite::Result<Approval> {
    let (At(at), used_at) = (row.get(3)?, row.get::<_, Option<At>>(4)?);
    Ok(Approval { hash: row.get(0)?, who: row.get(1)?, reason: row.get(2)?, at, used_at: used_at.map(|at| at.0) })
}

/// A plan with the guard's reasons.
fn planned(connection: &Connection, hash: &str) -> Result<Option<Hold>> {
    let mut find = connection.prepare_cached("SELECT hash, reasons FROM plan WHERE hash = ?1")?;
    let found: Option<(String, String)> = find.query_row([hash], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    found.map(hold).transpose()
}

/// An approval that covers something.
pub(super) struct Usable {
    number: i64,
    hash: String,
    /// As the person saw them: those of the plan are the latest.
    reasons: Vec<HoldReason>,
}

impl Usable {
    pub(super) fn number(&self) -> i64 {
        self.number
    }
}

/// The approvals that cover something at this time, the last one first.
pub(super) fn usable(connection: &Connection, now: Timestamp) -> Result<Vec<Usable>> {
    usable_but(connection, now, &[])
}

/// The same with those that this very scan has used up: what it has pushed by them stays approved.
pub(super) fn usable_by(scan: &Scan, connection: &Connection, now: Timestamp) -> Result<Vec<Usable>> {
    usable_but(connection, now, &scan.used_up)
}

fn usable_but(connection: &Connection, now: Timestamp, used_up: &[i64]) -> Result<Vec<Usable>> {
    let mut all = connection.prepare_cached(&format!(
        "SELECT {COLUMNS}, number, reasons FROM approval WHERE at > ?1 ORDER BY number DESC"
    ))?;
    // Most are long over.
    let mut rows = all.query([At(a_day_before(now))])?;
    let mut usable = Vec::new();
    while let Some(row) = rows.next()? {
        let (approval, number, reasons) = (approval(row)?, row.get(5)?, row.get::<_, String>(6)?);
        if approval.is_good_at(now) || used_up.contains(&number) {
            usable.push(Usable { number, hash: approval.hash, reasons: serde_json::from_str(&reasons)? });
        }
    }
    Ok(usable)
}

/// A reduction: type, kind, id, target.
pub(super) type Reduced<'a> = (i64, LossKind, &'a str, EdgeKey);

/// Strikes one reduction off every approval that lists it: it is about to be pushed. Answers whether one does.
pub(super) fn strike_off(tx: &Transaction<'_>, approvals: &[Usable], reduced: Reduced<'_>) -> Result<bool> {
    let (type_, kind, id, target) = reduced;
    let it = "FROM approved_item WHERE approval = ?1 AND type = ?2 AND kind = ?3 AND id = ?4 AND target = ?5";
    let mut find = tx.prepare_cached(&format!("SELECT 1 {it}"))?;
    let mut strike = tx.prepare_cached(&format!("DELETE {it}"))?;
    let keeps = Bug::PushedIsNotStruckOff.is_planted() || Bug::ApprovalIsUsedTwice.is_planted();
    let mut listed = false;
    for one in approvals {
        let it = (one.number, type_, kind, id, target);
        if find.exists(it)? {
            listed = true;
            if !keeps {
                strike.execute(it)?;
            }
        }
    }
    if listed {
        let mut note =
            tx.prepare_cached("INSERT OR IGNORE INTO scratch.struck (type, kind, id, target) VALUES (?1, ?2, ?3, ?4)")?;
        note.execute((type_, kind, id, target))?;
    }
    Ok(listed)
}

/// Strikes off what the scan takes away: all that was pushed, and removals if the session was completed.
pub(super) fn strike_scan_off(tx: &Transaction<'_>, approvals: &[Usable], completed: bool) -> Result<()> {
    let mut note = tx.prepare_cached(
        "INSERT OR IGNORE INTO scratch.struck (type, kind, id, target)
         SELECT type, kind, id, target FROM item
         WHERE (kind <> 0 OR ?2)
           AND EXISTS (SELECT 1 FROM approved_item AS approved
                       WHERE approved.approval = ?1 AND approved.type = item.type AND approved.kind = item.kind
                         AND approved.id = item.id AND approved.target = item.target)",
    )?;
    for one in approvals {
        note.execute((one.number, completed))?;
    }
    strike(
        tx,
        approvals,
        "EXISTS (SELECT 1 FROM scratch.struck
                 WHERE struck.type = approved_item.type AND struck.kind = approved_item.kind
                   AND struck.id = approved_item.id AND struck.target = approved_item.target)",
    )
}

/// Strikes off whom the session removes that is completed.
pub(super) fn strike_leaving_off(tx: &Transaction<'_>, approvals: &[Usable]) -> Result<()> {
    strike(
        tx,
        approvals,
        "kind = 0 AND EXISTS (SELECT 1 FROM leaving
                              WHERE leaving.type = approved_item.type AND leaving.id = approved_item.id)",
    )
}

fn strike(tx: &Transaction<'_>, approvals: &[Usable], those: &str) -> Result<()> {
    if Bug::ApprovalIsUsedTwice.is_planted() {
        return Ok(());
    }
    let mut strike = tx.prepare_cached(&format!("DELETE FROM approved_item WHERE approval = ?1 AND {those}"))?;
    approvals.iter().try_for_each(|one| strike.execute([one.number]).map(drop))?;
    Ok(())
}

/// Notes which of these approvals are used up: nothing is left of them or, for an inherited app, its first session is
/// completed. Answers with their numbers.
pub(super) fn note_used_up(
    tx: &Transaction<'_>,
    approvals: &[Usable],
    completed: bool,
    now: Timestamp,
) -> Result<Vec<i64>> {
    let mut left = tx.prepare_cached("SELECT 1 FROM approved_item WHERE approval = ?1")?;
    let mut note = tx.prepare_cached("UPDATE approval SET used_at = ?2 WHERE number = ?1 AND used_at IS NULL")?;
    let mut used_up = Vec::new();
    for Usable { number, reasons, .. } in approvals {
        let inherits = reasons.iter().any(|reason| matches!(reason, HoldReason::InheritedApp { .. }));
        let is_over = if inherits { completed } else { !left.exists([number])? };
        if is_over && !Bug::ApprovalIsUsedTwice.is_planted() && note.execute((number, At(now)))? > 0 {
            used_up.push(*number);
        }
    }
    Ok(used_up)
}

/// Drops what those approvals cover that are no longer usable: with who and why, they stay.
pub(super) fn tidy(tx: &Transaction<'_>, usable: &[Usable], now: Timestamp) -> Result<()> {
    // Given by a clock that was ahead, one would last longer than a day.
    tx.prepare_cached("UPDATE approval SET at = ?1 WHERE at > ?1 AND used_at IS NULL")?.execute([At(now)])?;
    let mut with_contents = tx.prepare_cached(
        "SELECT number FROM approval
         WHERE EXISTS (SELECT 1 FROM approved_item WHERE approval = number)
            OR EXISTS (SELECT 1 FROM approved_pushed WHERE approval = number)",
    )?;
    let numbers: Vec<i64> = with_contents.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    for number in numbers.iter().filter(|number| !usable.iter().any(|one| one.number == **number)) {
        for table in ["approved_item", "approved_pushed"] {
            tx.prepare_cached(&format!("DELETE FROM {table} WHERE approval = ?1"))?.execute([number])?;
        }
    }
    Ok(())
}

fn hold((hash, reasons): (String, String)) -> Result<Hold> {
    Ok(Hold::new(hash, serde_json::from_str(&reasons)?))
}

/// Whether an approval lists everything that the scan takes away, of the types and kinds that the reasons are about, and
/// for an inherited app the scan pushes every record that was pushed then.
fn covers(connection: &Connection, scan: &Scan, number: i64, reasons: &[HoldReason]) -> Result<bool> {
    let mut more = connection.prepare_cached(
        "SELECT 1 FROM item
         WHERE (item.type = ?1 OR ?1 IS NULL) AND item.kind = ?2
           AND NOT EXISTS (SELECT 1 FROM approved_item AS approved
                           WHERE approved.approval = ?3 AND approved.type = item.type AND approved.kind = item.kind
                             AND approved.id = item.id AND approved.target = item.target)
           AND NOT EXISTS (SELECT 1 FROM scratch.struck
                           WHERE struck.type = item.type AND struck.kind = item.kind
                             AND struck.id = item.id AND struck.target = item.target)",
    )?;
    for reason in reasons {
        if matches!(reason, HoldReason::InheritedApp { .. }) && !pushes(connection, scan, number)? {
            return Ok(false);
        }
        for (slug, kind) in reason.reductions() {
            let type_ = slug.map(|slug| type_of(connection, slug)).transpose()?;
            // The journal does not know this type, so it knows of no reduction of it.
            if type_ == Some(None) {
                continue;
            }
            if more.exists((type_.flatten(), kind, number))? {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

/// Whether the scan pushes every record that the plan pushed which was approved.
///
/// By slug: in a dry run, a type that the journal does not know has a number of the scan's own.
fn pushes(connection: &Connection, scan: &Scan, number: i64) -> Result<bool> {
    if Bug::FewerPushedAreApproved.is_planted() {
        return Ok(true);
    }
    let types = scan.types();
    let mut slugs = connection.prepare_cached("SELECT DISTINCT slug FROM approved_pushed WHERE approval = ?1")?;
    let mut fewer = connection.prepare_cached(
        "SELECT 1 FROM approved_pushed AS approved
         WHERE approval = ?1 AND slug = ?2
           AND NOT EXISTS (SELECT 1 FROM scratch.seen WHERE seen.type = ?3 AND seen.id = approved.id)",
    )?;
    for slug in slugs.query_map([number], |row| row.get::<_, String>(0))? {
        let slug = slug?;
        let Some((_, type_)) = types.iter().find(|(known, _)| *known == slug) else { return Ok(false) };
        if fewer.exists((number, &slug, type_))? {
            return Ok(false);
        }
    }
    Ok(true)
}

#[async_trait]
impl PlanJournal for SqliteJournal {
    async fn set_plan(&self, reasons: &[HoldReason], now: Timestamp) -> Result<String, JournalError> {
        let reasons = reasons.to_owned();
        self.call("written", move |store| store.set_plan(&reasons, now)).await
    }

    async fn plan_items(&self, hash: &str, limit: usize) -> Result<Vec<PlanItem>, JournalError> {
        let hash = hash.to_owned();
        self.call("read", move |store| store.plan_items(&hash, limit)).await
    }

    async fn held(&self) -> Result<Option<Hold>, JournalError> {
        self.call("read", Store::held).await
    }

    async fn set_held(&self, hold: Option<&Hold>) -> Result<(), JournalError> {
        let hold = hold.cloned();
        self.call("written", move |store| store.set_held(hold.as_ref())).await
    }

    async fn approve(&self, approval: Approval) -> Result<Hold, ApprovalError> {
        let hash = approval.hash.clone();
        match self.call("written", move |store| store.approve(&approval)).await? {
            Approved::Taken(hold) => Ok(hold),
            Approved::Unknown => Err(ApprovalError::Unknown { hash }),
            Approved::Refused { why } => Err(ApprovalError::Refused { hash, why }),
        }
    }

    async fn covering_approval(&self, reasons: &[HoldReason], now: Timestamp) -> Result<Option<String>, JournalError> {
        let reasons = reasons.to_owned();
        self.call("read", move |store| store.covering_approval(&reasons, now)).await
    }

    async fn approvals(&self) -> Result<Vec<Approval>, JournalError> {
        self.call("read", Store::approvals).await
    }
}
