//! Tasks, and how far each has come.

use std::{collections::HashSet, ops::Range};

use async_trait::async_trait;
use bridge_core::{PASSWORD, wire::TaskId};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, Transaction};

use super::{
    SqliteJournal,
    app::type_of,
    fault::{Fault, Result},
    scan::Scan,
    spelling::known_id,
    steps,
    store::Store,
    touched::{last_touch, take_effect, touch},
    values::{At, from_word, limit as sql_limit},
};
use crate::{
    journal::{
        JournalError, KnownTask, LoginKey, Ordered, Retry, SeenTask, TaskEffect, TaskEnd, TaskJournal, TaskState,
        TaskStep, Touched,
    },
    planted::Bug,
};

/// What is read of a task.
const KNOWN: &str = "id, action, slug, account, email, username, due, created, state, attempts, outcome, since,
                     new_email, new_username, started";

impl Store {
    /// It is called every round, and most of what is listed is here: it writes only where something is new.
    fn see_tasks(&mut self, mut tasks: Vec<SeenTask>, at: Timestamp) -> Result<()> {
        // In the order of the table, so that each of its pages is read once.
        tasks.sort_unstable_by_key(|task| task.id);
        // One look, instead of one for each.
        let tx = self.reading()?.transaction()?;
        let mut here = tx.prepare_cached("SELECT 1 FROM task WHERE id = ?1")?;
        let mut new = Vec::new();
        for task in tasks {
            if !here.exists([task.id.to_string()])? {
                new.push(task);
            }
        }
        drop(here);
        drop(tx);
        if new.is_empty() {
            return Ok(());
        }
        self.write(|tx| {
            let mut see = tx.prepare_cached(
                "INSERT INTO task (id, action, slug, account, email, username, due, created, state, attempts, since,
                                   new_email, new_username)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 0, ?10, ?11, ?12) ON CONFLICT (id) DO NOTHING",
            )?;
            for task in new {
                let id = task.id.to_string();
                let times = (task.due.map(At), task.created.map(At));
                let (action, slug, account, [email, username]) = (task.action, task.slug, task.account, task.logins);
                let (to, since, [new_email, new_username]) = (TaskState::Seen, At(at), task.changed);
                let (due, created) = times;
                let seen =
                    (&id, action, slug, account, email, username, due, created, to, since, new_email, new_username);
                if see.execute(seen)? > 0 {
                    steps::add(tx, &id, &TaskStep::new(at, TaskState::Seen, 0, ""))?;
                }
            }
            Ok(())
        })
    }

    fn tasks(&mut self, ids: &[TaskId]) -> Result<Vec<KnownTask>> {
        let tx = self.reading()?.transaction()?;
        let mut find = tx.prepare_cached(&format!("SELECT {KNOWN} FROM task WHERE id = ?1"))?;
        let mut found = Vec::new();
        for id in ids {
            let mut rows = find.query([id.to_string()])?;
            if let Some(row) = rows.next()? {
                found.push(known_task(row)?);
            }
        }
        Ok(found)
    }

    /// Sorts all of them at each call, so the limit should be large. An index would cost two writes for each task.
    fn listed_tasks(&mut self, after: Option<&SeenTask>, limit: usize) -> Result<Vec<KnownTask>> {
        let mut listed = self.reading()?.prepare_cached(&format!(
            "SELECT {KNOWN} FROM task
             WHERE state = ?1 AND (coalesce(due, ?2), coalesce(created, ?2), id) > (?3, ?4, ?5)
             ORDER BY coalesce(due, ?2), coalesce(created, ?2), id LIMIT ?6"
        ))?;
        let time = |time: Option<Timestamp>| time.map_or(i64::MIN, |time| At(time).nanoseconds());
        let due = time(after.and_then(|task| task.due));
        let created = time(after.and_then(|task| task.created));
        // No id is empty.
        let id = after.map(|task| task.id.to_string()).unwrap_or_default();
        let mut rows = listed.query((TaskState::Seen, i64::MIN, due, created, id, sql_limit(limit)))?;
        let mut listed = Vec::new();
        while let Some(row) = rows.next()? {
            listed.push(known_task(row)?);
        }
        Ok(listed)
    }

    fn logins(&mut self, accounts: &[Touched]) -> Result<Vec<[Option<LoginKey>; 2]>> {
        let tx = self.reading()?.transaction()?;
        let mut find = tx.prepare_cached(
            "SELECT email, username FROM known
             WHERE type = (SELECT id FROM type WHERE slug = ?1) AND known.id = ?2",
        )?;
        let mut logins = Vec::with_capacity(accounts.len());
        for Touched { slug, id } in accounts {
            let found = find.query_row((slug, id), |row| Ok([row.get(0)?, row.get(1)?])).optional()?;
            logins.push(found.filter(|_| !Bug::KnownLoginsAreIgnored.is_planted()).unwrap_or_default());
        }
        Ok(logins)
    }

    fn open_tasks(&mut self) -> Result<Vec<KnownTask>> {
        let mut open =
            self.reading()?.prepare_cached(&format!("SELECT {KNOWN} FROM open_task ORDER BY due, created, id"))?;
        let mut rows = open.query([])?;
        let mut open = Vec::new();
        while let Some(row) = rows.next()? {
            open.push(known_task(row)?);
        }
        Ok(open)
    }

    fn start_task(&mut self, task: &SeenTask, at: Timestamp) -> Result<u32> {
        self.write(|tx| {
            let id = task.id.to_string();
            let known_as = known_as(tx, task)?;
            // Whoever calls the handler of a task that has ended has overlooked its end.
            let mut start = tx.prepare_cached(
                "INSERT INTO task (id, action, slug, account, email, username, due, created, state, attempts, since,
                                   new_email, new_username, started, known_as)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 1, ?10, ?11, ?12, ?10, ?13)
                 ON CONFLICT (id) DO UPDATE SET
                     action = excluded.action, slug = excluded.slug, account = excluded.account,
                     email = excluded.email, username = excluded.username, due = excluded.due, created = excluded.created,
                     state = excluded.state, attempts = attempts + 1, since = excluded.since,
                     known_as = excluded.known_as,
                     new_email = excluded.new_email, new_username = excluded.new_username,
                     started = coalesce(started, excluded.started)
                 WHERE outcome IS NULL
                 RETURNING attempts",
            )?;
            let (times, [email, username]) = ((task.due.map(At), task.created.map(At)), task.logins);
            let (action, slug, account, to) = (&task.action, &task.slug, &task.account, TaskState::Started);
            let ([new_email, new_username], since) = (task.changed, At(at));
            let (due, created) = times;
            let started = (
                &id,
                action,
                slug,
                account,
                email,
                username,
                due,
                created,
                to,
                since,
                new_email,
                new_username,
                known_as,
            );
            let attempts = start.query_row(started, |row| row.get(0)).optional()?;
            let runs_again = Bug::SettledRunsAgain.is_planted().then_some(1);
            let attempts = attempts
                .or(runs_again)
                .ok_or_else(|| Fault::other(format!("task {id} has ended, and is not run again")))?;
            steps::add(tx, &id, &TaskStep::new(at, TaskState::Started, attempts, ""))?;
            if let Some(account) = &task.account {
                touch(tx, &task.slug, account, false)?;
            }
            Ok(attempts)
        })
    }

    fn end_task(&mut self, task: &SeenTask, end: TaskEnd, effect: &TaskEffect, at: Timestamp) -> Result<()> {
        let end = without_password(end);
        let outcome = serde_json::to_string(&end)?;
        let note = match &end.report.error {
            Some(error) => format!("{}: {}", end.report.status, error.code),
            None => end.report.status.to_string(),
        };
        let scanning = self.scan.as_ref().is_some_and(Scan::is_push);
        self.write(|tx| {
            let id = task.id.to_string();
            let mut end = tx.prepare_cached(
                "INSERT INTO task
                     (id, action, slug, account, email, username, due, created, state, attempts, outcome, since, known_as)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 0, ?10, ?11, ?12)
                 ON CONFLICT (id) DO UPDATE SET
                     action = coalesce(nullif(excluded.action, ''), action), slug = coalesce(nullif(excluded.slug, ''), slug),
                     account = coalesce(excluded.account, account),
                     email = coalesce(excluded.email, email), username = coalesce(excluded.username, username),
                     due = coalesce(excluded.due, due), created = coalesce(excluded.created, created),
                     state = excluded.state, outcome = excluded.outcome, since = excluded.since,
                     known_as = coalesce(excluded.known_as, known_as)
                 RETURNING attempts",
            )?;
            // An account that it has made is its own from now on.
            let account = task.account.as_ref().or(effect.touched.as_ref().map(|touched| &touched.id));
            let (times, [email, username]) = ((task.due.map(At), task.created.map(At)), task.logins);
            let (action, slug, to) = (&task.action, &task.slug, TaskState::Executed);
            let known_as = known_as(tx, task)?;
            let ended = (&id, action, slug, account, email, username, times.0, times.1, to, outcome, At(at), known_as);
            let attempts = end.query_row(ended, |row| row.get(0))?;
            steps::add(tx, &id, &TaskStep::new(at, TaskState::Executed, attempts, note))?;
            // A task that was about no account, and has touched one, has made it.
            take_effect(tx, effect, task.account.is_none(), scanning)
        })
    }

    fn move_task(&mut self, task: TaskId, to: TaskState, note: &str, at: Timestamp) -> Result<()> {
        let entry = |tx: &Transaction<'_>| {
            let id = task.to_string();
            let (found, attempts) =
                found(tx, &id)?.ok_or_else(|| Fault::other(format!("task {id} is not in the journal")))?;
            if found != to && matches!(to, TaskState::Started | TaskState::Executed) {
                return Err(Fault::other(format!("task {id} is not moved to `{to}`")));
            }
            // Where Iden has it no more, it may have taken the report in before.
            if found == TaskState::Executed && matches!(to, TaskState::Reported | TaskState::Gone) {
                touch_given(tx, &id)?;
            }
            put(tx, &id, found, &TaskStep::new(at, to, attempts, note))
        };
        // If that is lost with the power, it is reported once more.
        if to == TaskState::Reported { self.write_lightly(entry) } else { self.write(entry) }
    }

    fn retry_task(&mut self, task: TaskId, retry: Retry, at: Timestamp) -> Result<Option<TaskState>> {
        let id = task.to_string();
        // A typing error must not make a journal.
        let state = found(self.reading()?, &id)?.map(|(state, _)| state);
        if state != Some(TaskState::Parked) {
            return Ok(state);
        }
        let (to, note) = match retry {
            Retry::Settle => (TaskState::Interrupted, "taken up again by hand"),
            Retry::NotDone => (TaskState::Seen, "taken up again by hand: it was not done"),
        };
        self.write(|tx| {
            // Another one may have been quicker.
            let state = found(tx, &id)?.map(|(state, _)| state);
            if state == Some(TaskState::Parked) {
                tx.prepare_cached("UPDATE task SET attempts = 0 WHERE id = ?1")?.execute([&id])?;
                put(tx, &id, TaskState::Parked, &TaskStep::new(at, to, 0, note))?;
            }
            Ok(state)
        })
    }

    /// It is called every round, so it writes only where there is something to forget.
    fn forget_tasks(&mut self, but: &HashSet<TaskId>, before: Timestamp, at_least: u32) -> Result<()> {
        if useless(self.reading()?, but, before, at_least)?.is_empty() {
            return Ok(());
        }
        self.write(|tx| {
            let mut forget = tx.prepare_cached("DELETE FROM task WHERE id = ?1")?;
            // Once more, where nobody writes: a person may have had one taken up again.
            for id in useless(tx, but, before, at_least)? {
                forget.execute([id])?;
            }
            Ok(())
        })
    }
}

/// A report can arrive after a session has begun, and its account be none of those whom that session removes; so what gives
/// access is touched once more when the report is confirmed.
fn touch_given(tx: &Transaction<'_>, task: &str) -> Result<()> {
    let mut given = tx.prepare_cached(
        "SELECT slug, coalesce(known_as, account) FROM task
         WHERE id = ?1 AND account IS NOT NULL AND action NOT IN ('suspend_account', 'delete_account')
           AND outcome ->> '$.report.status' = 'completed'",
    )?;
    let given = given.query_row([task], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    given.map_or(Ok(()), |(slug, account): (String, String)| touch(tx, &slug, &account, false).map(drop))
}

/// The account of a task as the known set spells it, if the task spells it in another way.
fn known_as(tx: &Transaction<'_>, task: &SeenTask) -> Result<Option<String>> {
    let Some(account) = &task.account else { return Ok(None) };
    let Some(type_) = type_of(tx, &task.slug)? else { return Ok(None) };
    Ok(Some(known_id(tx, type_, account)?).filter(|known| known != account))
}

/// From the columns of [`KNOWN`].
fn known_task(row: &Row<'_>) -> Result<KnownTask> {
    let time = |column| row.get::<_, Option<At>>(column).map(|time| time.map(|At(time)| time));
    let outcome: Option<String> = row.get(10)?;
    let At(since) = row.get(11)?;
    Ok(KnownTask {
        seen: SeenTask {
            id: from_word(row.get(0)?)?,
            action: row.get(1)?,
            slug: row.get(2)?,
            account: row.get(3)?,
            logins: [row.get(4)?, row.get(5)?],
            changed: [row.get(12)?, row.get(13)?],
            due: time(6)?,
            created: time(7)?,
        },
        state: row.get(8)?,
        attempts: row.get(9)?,
        end: outcome.map(|end| serde_json::from_str(&end)).transpose()?,
        since,
        started: time(14)?,
    })
}

/// The state of a task and its attempts, if it is here.
fn found(connection: &Connection, id: &str) -> Result<Option<(TaskState, u32)>> {
    let mut find = connection.prepare_cached("SELECT state, attempts FROM task WHERE id = ?1")?;
    Ok(find.query_row([id], |row| Ok((row.get(0)?, row.get(1)?))).optional()?)
}

/// Writes down what a task comes to by this step. In the state that it was in, it has been for as long as before; but one
/// that is settled once more is kept as long as any other.
fn put(tx: &Transaction<'_>, id: &str, from: TaskState, step: &TaskStep) -> Result<()> {
    if from != step.state || step.state.is_settled() {
        let mut put = tx.prepare_cached("UPDATE task SET state = ?2, since = ?3 WHERE id = ?1")?;
        put.execute((id, step.state, At(step.at)))?;
    }
    steps::add(tx, id, step)
}

/// The tasks that can be forgotten: merely seen, or settled since before this time; but for these.
fn useless(connection: &Connection, but: &HashSet<TaskId>, before: Timestamp, at_least: u32) -> Result<Vec<String>> {
    let mut rows = connection.prepare_cached(
        "SELECT id FROM task WHERE state = ?1
         UNION ALL
         SELECT id FROM (SELECT id FROM settled_task WHERE since < ?2 ORDER BY since DESC, id LIMIT -1 OFFSET ?3)",
    )?;
    let mut young = connection.prepare_cached("SELECT count(*) FROM settled_task WHERE since >= ?1")?;
    let young: u32 = young.query_row([At(before)], |row| row.get(0))?;
    let mut rows = rows.query((TaskState::Seen, At(before), at_least.saturating_sub(young)))?;
    let mut useless = Vec::new();
    while let Some(row) = rows.next()? {
        let id: String = row.get(0)?;
        if !but.contains(&from_word(id.clone())?) {
            useless.push(id);
        }
    }
    Ok(useless)
}

/// A password in what Iden is told is a defect elsewhere. It must not be one that stays on the disk.
fn without_password(mut end: TaskEnd) -> TaskEnd {
    if let Some(result) = &mut end.report.result {
        end.secret |= result.remove(PASSWORD).is_some();
    }
    end
}

#[async_trait]
impl TaskJournal for SqliteJournal {
    async fn see_tasks(&self, tasks: Vec<SeenTask>, at: Timestamp) -> Result<(), JournalError> {
        self.call("written", move |store| store.see_tasks(tasks, at)).await
    }

    async fn tasks(&self, ids: Vec<TaskId>) -> Result<Vec<KnownTask>, JournalError> {
        self.call("read", move |store| store.tasks(&ids)).await
    }

    async fn listed_tasks(&self, after: Option<SeenTask>, limit: usize) -> Result<Vec<KnownTask>, JournalError> {
        self.call("read", move |store| store.listed_tasks(after.as_ref(), limit)).await
    }

    async fn logins(&self, accounts: Vec<Touched>) -> Result<Vec<[Option<LoginKey>; 2]>, JournalError> {
        self.call("read", move |store| store.logins(&accounts)).await
    }

    async fn open_tasks(&self) -> Result<Vec<KnownTask>, JournalError> {
        self.call("read", Store::open_tasks).await
    }

    async fn unclear_creation(&self, within: Range<Timestamp>) -> Result<Option<TaskId>, JournalError> {
        self.call("read", move |store| store.unclear_creation(&within)).await
    }

    async fn start_task(&self, task: &SeenTask, at: Timestamp) -> Result<u32, JournalError> {
        let task = task.clone();
        self.call("written", move |store| store.start_task(&task, at)).await
    }

    async fn end_task(
        &self,
        task: &SeenTask,
        end: &TaskEnd,
        effect: TaskEffect,
        at: Timestamp,
    ) -> Result<(), JournalError> {
        let (task, end) = (task.clone(), end.clone());
        self.call("written", move |store| store.end_task(&task, end, &effect, at)).await
    }

    async fn move_task(&self, id: TaskId, to: TaskState, note: &str, at: Timestamp) -> Result<(), JournalError> {
        let note = note.to_owned();
        self.call("written", move |store| store.move_task(id, to, &note, at)).await
    }

    async fn task_steps(&self, id: TaskId) -> Result<Vec<TaskStep>, JournalError> {
        self.call("read", move |store| store.task_steps(id)).await
    }

    async fn retry_task(&self, id: TaskId, retry: Retry, at: Timestamp) -> Result<Option<TaskState>, JournalError> {
        self.call("written", move |store| store.retry_task(id, retry, at)).await
    }

    async fn forget_tasks(&self, but: HashSet<TaskId>, before: Timestamp, at_least: u32) -> Result<(), JournalError> {
        self.call("written", move |store| store.forget_tasks(&but, before, at_least)).await
    }

    async fn overtaken_by(&self, task: &SeenTask) -> Result<Option<TaskId>, JournalError> {
        let task = task.clone();
        self.call("read", move |store| store.overtaken_by(&task)).await
    }

    async fn is_ordered(&self, loss: &Ordered) -> Result<bool, JournalError> {
        let loss = loss.clone();
        self.call("read", move |store| store.is_ordered(&loss)).await
    }

    async fn is_awaited(&self, account: &Touched) -> Result<bool, JournalError> {
        let account = account.clone();
        self.call("read", move |store| store.is_awaited(&account)).await
    }

    async fn at_work(&self) -> Result<Vec<Touched>, JournalError> {
        self.call("read", Store::at_work).await
    }

    async fn touched(&self) -> Result<Vec<Touched>, JournalError> {
        self.call("read", Store::touched).await
    }

    async fn last_touch(&self) -> Result<i64, JournalError> {
        self.call("read", |store| last_touch(store.reading()?)).await
    }
}
