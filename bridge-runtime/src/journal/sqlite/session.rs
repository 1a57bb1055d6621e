//! The open session.

use async_trait::async_trait;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Transaction};

use super::{
    SqliteJournal,
    fault::{Fault, Result},
    store::Store,
    touched::{Forget, last_touch, note_unpushed},
    values::{At, from_word, word},
};
use crate::{
    journal::{JournalError, OpenSession, SessionJournal},
    planted::Bug,
};

impl Store {
    fn session(&mut self) -> Result<Option<OpenSession>> {
        let mut find = self.reading()?.prepare_cached("SELECT id, state, since FROM session")?;
        let found = find.query_row([], |row| Ok((row.get::<_, Option<String>>(0)?, row.get(1)?, row.get(2)?)));
        let Some((id, state, At(since))) = found.optional()? else { return Ok(None) };
        Ok(Some(OpenSession { id: id.map(from_word).transpose()?, state: from_word(state)?, since }))
    }

    fn set_session(&mut self, session: Option<&OpenSession>) -> Result<()> {
        self.write(|tx| match session {
            Some(session) => write(tx, session),
            None => close(tx),
        })
    }

    fn begin_completing(&mut self, session: &OpenSession, plan: &str, approval: Option<&str>) -> Result<()> {
        let scanned = self.scan.is_some();
        let touched_before = match &self.scan {
            Some(scan) => scan.touched_before,
            None => last_touch(self.reading()?)?,
        };
        self.write(|tx| {
            if scanned {
                note_unpushed(tx)?;
            }
            if let Some(hash) = approval
                && !Bug::ApprovalIsUsedTwice.is_planted()
            {
                let mut used =
                    tx.prepare_cached("UPDATE approval SET used_at = ?1 WHERE hash = ?2 AND used_at IS NULL")?;
                if used.execute((At(session.since), hash))? == 0 {
                    return Err(Fault::other(format!("the approval of `{hash}` is used up")));
                }
            }
            write(tx, session)?;
            let approved = approval.is_some();
            let mut planned = tx.prepare_cached("UPDATE session SET plan = ?1, approved = ?2, touched_before = ?3")?;
            planned.execute((plan, approved, touched_before))?;
            Ok(())
        })
    }

    /// What was seen is lost with the process that has seen it: the new baseline is what is known.
    fn settle_completed(&mut self, at: Timestamp) -> Result<()> {
        self.write(|tx| {
            remove_planned(tx)?;
            let mut taken = tx.prepare_cached(
                "INSERT INTO taken (type, at, kind, count)
                 SELECT item.type, ?1, item.kind, count(*) FROM session
                 JOIN plan ON plan.hash = session.plan
                 JOIN plan_item AS item ON item.plan = plan.id AND item.kind = 0
                 WHERE NOT session.approved
                 GROUP BY item.type",
            )?;
            taken.execute([At(at)])?;
            let mut baseline = tx.prepare_cached(
                "UPDATE type SET (baseline, baseline_edges) =
                     (SELECT count(*), coalesce(sum(length(edges)) / 8, 0) FROM known
                      WHERE known.type = type.id AND NOT spared)",
            )?;
            baseline.execute([])?;
            tx.prepare_cached("UPDATE state SET completed_at = ?1, held = NULL")?.execute([At(at)])?;
            close(tx)
        })
    }
}

/// Whom the plan of the session removes is known no more.
fn remove_planned(tx: &Transaction<'_>) -> Result<()> {
    let mut planned = tx.prepare_cached(
        "SELECT item.type, item.id, session.touched_before FROM session
         JOIN plan ON plan.hash = session.plan
         JOIN plan_item AS item ON item.plan = plan.id AND item.kind = 0",
    )?;
    let mut planned = planned.query([])?;
    while let Some(row) = planned.next()? {
        let id: String = row.get(1)?;
        Forget::new(tx, row.get(2)?)?.removed(row.get(0)?, &id)?;
    }
    Ok(())
}

/// The plan stays with its session.
fn write(tx: &Transaction<'_>, session: &OpenSession) -> Result<()> {
    let mut write = tx.prepare_cached(
        "INSERT INTO session (one, id, state, since) VALUES (1, ?1, ?2, ?3)
         ON CONFLICT (one) DO UPDATE SET
             plan = CASE WHEN session.id IS excluded.id THEN plan END,
             id = excluded.id, state = excluded.state, since = excluded.since",
    )?;
    write.execute((session.id.map(|id| id.to_string()), word(&session.state)?, At(session.since)))?;
    Ok(())
}

pub(super) fn close(connection: &Connection) -> Result<()> {
    connection.prepare_cached("DELETE FROM session")?.execute([])?;
    Ok(())
}

#[async_trait]
impl SessionJournal for SqliteJournal {
    async fn session(&self) -> Result<Option<OpenSession>, JournalError> {
        self.call("read", Store::session).await
    }

    async fn set_session(&self, session: Option<OpenSession>) -> Result<(), JournalError> {
        self.call("written", move |store| store.set_session(session.as_ref())).await
    }

    async fn begin_completing(
        &self,
        session: OpenSession,
        plan: &str,
        approval: Option<&str>,
    ) -> Result<(), JournalError> {
        let (plan, approval) = (plan.to_owned(), approval.map(str::to_owned));
        self.call("written", move |store| store.begin_completing(&session, &plan, approval.as_deref())).await
    }

    async fn settle_completed(&self, at: Timestamp) -> Result<(), JournalError> {
        self.call("written", move |store| store.settle_completed(at)).await
    }
}
