//! The open session.

use async_trait::async_trait;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Transaction};

use super::{
    SqliteJournal,
    approval::{Usable, note_used_up, strike_leaving_off, usable, usable_by},
    end::remove,
    fault::Result,
    store::Store,
    touched::{note_unpushed, untouched},
    values::{At, from_word, word},
};
use crate::journal::{JournalError, OpenSession, SessionJournal};

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

    fn begin_completing(&mut self, session: &OpenSession) -> Result<()> {
        let (connection, scan) = self.scanned()?;
        let touched_before = scan.touched_before;
        let approvals = usable_by(scan, connection, session.since)?;
        self.write(|tx| {
            note_unpushed(tx)?;
            write(tx, session)?;
            tx.prepare_cached("UPDATE session SET touched_before = ?1")?.execute([touched_before])?;
            prepare(tx, &approvals)
        })
    }

    /// What was seen is lost with the process that has seen it, but for what was written down before `complete` was sent.
    fn settle_completed(&mut self, at: Timestamp) -> Result<()> {
        self.write(|tx| {
            let approvals = usable(tx, at)?;
            strike_leaving_off(tx, &approvals)?;
            note_used_up(tx, &approvals, true, at)?;
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
            tx.prepare_cached("UPDATE type SET foreign_records = 0 WHERE foreign_records")?.execute([])?;
            tx.prepare_cached("UPDATE state SET completed_at = ?1, held = NULL")?.execute([At(at)])?;
            close(tx)
        })
    }
}

/// How many records and edges of `type` the session holds.
pub(super) const HELD: &str =
    "SELECT count(*), coalesce(sum(edge_count), 0) FROM scratch.seen WHERE seen.type = type.id";

/// Writes down what completing makes of the journal: the process may die before it hears of it.
fn prepare(tx: &Transaction<'_>, approvals: &[Usable]) -> Result<()> {
    let mut leave = tx.prepare_cached(
        "INSERT INTO leaving (type, id, counts)
         SELECT type, id,
                EXISTS (SELECT 1 FROM removal WHERE removal.type = unseen.type AND removal.id = unseen.id)
         FROM scratch.unseen WHERE why = 'absent'",
    )?;
    leave.execute([])?;
    let mut approve = tx.prepare_cached(
        "UPDATE leaving SET counts = 0
         WHERE EXISTS (SELECT 1 FROM approved_item AS approved
                       WHERE approved.approval = ?1 AND approved.type = leaving.type AND approved.kind = 0
                         AND approved.id = leaving.id)",
    )?;
    approvals.iter().try_for_each(|one| approve.execute([one.number()]).map(drop))?;
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

    async fn begin_completing(&self, session: OpenSession) -> Result<(), JournalError> {
        self.call("written", move |store| store.begin_completing(&session)).await
    }

    async fn settle_completed(&self, at: Timestamp) -> Result<(), JournalError> {
        self.call("written", move |store| store.settle_completed(at)).await
    }
}
