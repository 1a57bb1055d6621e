//! The open session.

use async_trait::async_trait;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Transaction};

use super::{
    SqliteJournal,
    end::remove,
    fault::{Fault, Result},
    store::Store,
    touched::{note_unpushed, untouched},
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

    fn begin_completing(&mut self, session: &OpenSession, approval: Option<&str>) -> Result<()> {
        let (_, scan) = self.scanned()?;
        let touched_before = scan.touched_before;
        self.write(|tx| {
            note_unpushed(tx)?;
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
            tx.prepare_cached("UPDATE session SET touched_before = ?1")?.execute([touched_before])?;
            prepare(tx, approval)
        })
    }

    /// What was seen is lost with the process that has seen it, but for what was written down before `complete` was sent.
    fn settle_completed(&mut self, at: Timestamp) -> Result<()> {
        self.write(|tx| {
            let mut taken = tx.prepare_cached(&format!(
                "INSERT INTO taken (type, at, kind, count)
                 SELECT leaving.type, ?1, 0, count(*) FROM leaving, session WHERE counts AND {} GROUP BY leaving.type",
                untouched("leaving.type", "leaving.id", "touched_before")
            ))?;
            taken.execute([At(at)])?;
            remove_leaving(tx)?;
            // Where the scan had ended, it has made the baseline.
            let mut baseline = tx.prepare_cached(
                "UPDATE type SET baseline = coming, baseline_edges = coming_edges WHERE coming IS NOT NULL",
            )?;
            baseline.execute([])?;
            tx.prepare_cached("UPDATE state SET completed_at = ?1, held = NULL")?.execute([At(at)])?;
            close(tx)
        })
    }
}

/// How many records and edges of `type` the session holds.
pub(super) const HELD: &str =
    "SELECT count(*), coalesce(sum(edge_count), 0) FROM scratch.seen WHERE seen.type = type.id";

/// Whether this loss is none of the plan ?1 that a person approved.
pub(super) fn unapproved(type_: &str, kind: &str, id: &str, target: &str) -> String {
    format!(
        "NOT EXISTS (SELECT 1 FROM plan JOIN plan_item AS approved ON approved.plan = plan.id
                     WHERE plan.hash = ?1 AND approved.type = {type_} AND approved.kind = {kind}
                       AND approved.id = {id} AND approved.target = {target})"
    )
}

/// Writes down what completing makes of the journal: the process may die before it hears of it.
fn prepare(tx: &Transaction<'_>, approval: Option<&str>) -> Result<()> {
    let mut leave = tx.prepare_cached(&format!(
        "INSERT INTO leaving (type, id, counts)
         SELECT type, id,
                EXISTS (SELECT 1 FROM removal WHERE removal.type = unseen.type AND removal.id = unseen.id) AND {}
         FROM scratch.unseen WHERE why = 'absent'",
        unapproved("unseen.type", "0", "unseen.id", "0")
    ))?;
    leave.execute([approval])?;
    tx.prepare_cached(&format!("UPDATE type SET (coming, coming_edges) = ({HELD})"))?.execute([])?;
    Ok(())
}

/// Whom the session removes is known no more.
fn remove_leaving(tx: &Transaction<'_>) -> Result<()> {
    let mut touched_before = tx.prepare_cached("SELECT touched_before FROM session")?;
    let Some(touched_before) = touched_before.query_row([], |row| row.get(0)).optional()? else { return Ok(()) };
    remove(tx, "SELECT type, id FROM leaving", touched_before)
}

/// What was prepared stays with its session.
fn write(tx: &Transaction<'_>, session: &OpenSession) -> Result<()> {
    let id = session.id.map(|id| id.to_string());
    if !tx.prepare_cached("SELECT 1 FROM session WHERE id IS ?1")?.exists([&id])? {
        forget_prepared(tx)?;
    }
    let mut write = tx.prepare_cached(
        "INSERT INTO session (one, id, state, since) VALUES (1, ?1, ?2, ?3)
         ON CONFLICT (one) DO UPDATE SET id = excluded.id, state = excluded.state, since = excluded.since",
    )?;
    write.execute((id, word(&session.state)?, At(session.since)))?;
    Ok(())
}

pub(super) fn close(connection: &Connection) -> Result<()> {
    forget_prepared(connection)?;
    connection.prepare_cached("DELETE FROM session")?.execute([])?;
    Ok(())
}

fn forget_prepared(connection: &Connection) -> Result<()> {
    connection.prepare_cached("DELETE FROM leaving")?.execute([])?;
    let mut coming =
        connection.prepare_cached("UPDATE type SET coming = NULL, coming_edges = NULL WHERE coming IS NOT NULL")?;
    coming.execute([])?;
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

    async fn begin_completing(&self, session: OpenSession, approval: Option<&str>) -> Result<(), JournalError> {
        let approval = approval.map(str::to_owned);
        self.call("written", move |store| store.begin_completing(&session, approval.as_deref())).await
    }

    async fn settle_completed(&self, at: Timestamp) -> Result<(), JournalError> {
        self.call("written", move |store| store.settle_completed(at)).await
    }
}
