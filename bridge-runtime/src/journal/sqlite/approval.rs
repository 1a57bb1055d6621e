//! Approvals: a person's word that one plan may pass.

use async_trait::async_trait;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension};

use super::{SqliteJournal, app::type_of, fault::Result, losses::a_day_before, store::Store, values::At};
use crate::journal::{Approval, ApprovalError, Hold, HoldReason, JournalError, PlanItem, PlanJournal};

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
            Ok(Approved::Taken(hold))
        })
    }

    fn covering_approval(&mut self, reasons: &[HoldReason], now: Timestamp) -> Result<Option<String>> {
        let connection = self.planning()?;
        if reasons.is_empty() {
            return Ok(None);
        }
        for approved in usable(connection, now)? {
            let lists = |reason: &HoldReason| approved.reasons.iter().any(|then| reason.is_like(then));
            if reasons.iter().all(lists) && covers(connection, &approved.hash, reasons)? {
                return Ok(Some(approved.hash));
            }
        }
        Ok(None)
    }

    fn approvals(&mut self) -> Result<Vec<Approval>> {
        let mut all = self
            .reading()?
            .prepare_cached("SELECT hash, who, reason, at, used_at FROM approval ORDER BY number DESC")?;
        let all = all.query_map([], |row| {
            let (At(at), used_at) = (row.get(3)?, row.get::<_, Option<At>>(4)?);
            Ok(Approval {
                hash: row.get(0)?,
                who: row.get(1)?,
                reason: row.get(2)?,
                at,
                used_at: used_at.map(|at| at.0),
            })
        })?;
        Ok(all.collect::<rusqlite::Result<_>>()?)
    }
}

/// A plan with the guard's reasons.
fn planned(connection: &Connection, hash: &str) -> Result<Option<Hold>> {
    let mut find = connection.prepare_cached("SELECT hash, reasons FROM plan WHERE hash = ?1")?;
    let found: Option<(String, String)> = find.query_row([hash], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    found.map(hold).transpose()
}

/// What was approved, is not used up and not too old, the last one first. With the reasons that the person saw: those of
/// the plan are the latest.
fn usable(connection: &Connection, now: Timestamp) -> Result<Vec<Hold>> {
    let mut usable = connection
        .prepare_cached("SELECT hash, reasons FROM approval WHERE used_at IS NULL AND at > ?1 ORDER BY number DESC")?;
    let usable = usable.query_map([At(a_day_before(now))], |row| Ok((row.get(0)?, row.get(1)?)))?;
    usable.map(|found| hold(found?)).collect()
}

fn hold((hash, reasons): (String, String)) -> Result<Hold> {
    Ok(Hold::new(hash, serde_json::from_str(&reasons)?))
}

/// Whether everything that the scan takes away, of the types and kinds that the reasons are about, stands in the plan.
fn covers(connection: &Connection, hash: &str, reasons: &[HoldReason]) -> Result<bool> {
    let mut more = connection.prepare_cached(
        "SELECT 1 FROM item
         WHERE item.type = ?1 AND item.kind = ?2
           AND NOT EXISTS (SELECT 1 FROM plan JOIN plan_item AS planned ON planned.plan = plan.id
                           WHERE plan.hash = ?3 AND planned.type = item.type AND planned.kind = item.kind
                             AND planned.id = item.id AND planned.target = item.target)",
    )?;
    for reason in reasons {
        let Some((slug, kind)) = reason.slug().zip(reason.lost()) else { continue };
        let Some(type_) = type_of(connection, slug)? else { continue };
        if more.exists((type_, kind, hash))? {
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
