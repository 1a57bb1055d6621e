//! Commands and status.

use async_trait::async_trait;
use jiff::Timestamp;

use super::{
    SqliteJournal,
    fault::Result,
    store::Store,
    values::{At, from_word, word},
};
use crate::journal::{Command, ControlJournal, JournalError, PollFailure, Status};

impl Store {
    fn ask(&mut self, command: Command, at: Timestamp) -> Result<()> {
        self.write(|tx| {
            let asked = (word(&command)?, At(at));
            tx.execute("INSERT OR REPLACE INTO command (name, at) VALUES (?1, ?2)", asked)?;
            Ok(())
        })
    }

    /// It is called every second, so it writes only where something was asked.
    fn take_commands(&mut self) -> Result<Vec<Command>> {
        self.check_lock()?;
        let asked = |store: &mut Store| -> Result<bool> {
            let mut asked = store.reading()?.prepare_cached("SELECT EXISTS (SELECT 1 FROM command)")?;
            Ok(asked.query_row([], |row| row.get(0))?)
        };
        if !asked(self)? {
            return Ok(Vec::new());
        }
        let names: Vec<String> = self.write(|tx| {
            let mut names = tx.prepare_cached("SELECT name FROM command ORDER BY at, name")?;
            let names = names.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
            tx.execute("DELETE FROM command", [])?;
            Ok(names)
        })?;
        // A command of a version that came later is not for this one.
        let known = |name: String| match from_word(name.clone()) {
            Ok(command) => Some(command),
            Err(_) => {
                tracing::warn!("this version does not know the command `{name}`; is the program beside it newer?");
                None
            }
        };
        Ok(names.into_iter().filter_map(known).collect())
    }

    fn set_status(&mut self, status: &Status) -> Result<()> {
        let status = serde_json::to_string(status)?;
        self.write_lightly(|tx| {
            tx.prepare_cached("UPDATE state SET status = ?1")?.execute([status])?;
            Ok(())
        })
    }

    fn status(&mut self) -> Result<Option<Status>> {
        let mut status = self.reading()?.prepare_cached("SELECT status FROM state")?;
        let status: Option<String> = status.query_row([], |row| row.get(0))?;
        Ok(status.map(|status| serde_json::from_str(&status)).transpose()?)
    }

    /// It is called several times a minute, so it writes nothing after one good poll after the other.
    fn polled(&mut self, failure: Option<String>, at: Timestamp) -> Result<()> {
        let before = self.poll_failure()?;
        let now = match (failure, &before) {
            (None, None) => return Ok(()),
            (None, Some(_)) => None,
            (Some(why), before) => {
                let since = before.as_ref().map_or(at, |before| before.since);
                Some(serde_json::to_string(&PollFailure { since, at, why })?)
            }
        };
        self.write_lightly(|tx| {
            tx.prepare_cached("UPDATE state SET poll_failure = ?1")?.execute([now])?;
            Ok(())
        })
    }

    fn poll_failure(&mut self) -> Result<Option<PollFailure>> {
        let mut failure = self.reading()?.prepare_cached("SELECT poll_failure FROM state")?;
        let failure: Option<String> = failure.query_row([], |row| row.get(0))?;
        Ok(failure.map(|failure| serde_json::from_str(&failure)).transpose()?)
    }
}

#[async_trait]
impl ControlJournal for SqliteJournal {
    async fn ask(&self, command: Command, at: Timestamp) -> Result<(), JournalError> {
        self.call("written", move |store| store.ask(command, at)).await
    }

    async fn take_commands(&self) -> Result<Vec<Command>, JournalError> {
        self.call("read", Store::take_commands).await
    }

    async fn set_status(&self, status: &Status) -> Result<(), JournalError> {
        let status = status.clone();
        self.call("written", move |store| store.set_status(&status)).await
    }

    async fn status(&self) -> Result<Option<Status>, JournalError> {
        self.call("read", Store::status).await
    }

    async fn polled(&self, failure: Option<String>, at: Timestamp) -> Result<(), JournalError> {
        self.call("written", move |store| store.polled(failure, at)).await
    }

    async fn poll_failure(&self) -> Result<Option<PollFailure>, JournalError> {
        self.call("read", Store::poll_failure).await
    }
}
