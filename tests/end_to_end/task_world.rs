//! A system in a database of its own, which outlives the connector as a real one does. Every effect leaves a row in it, so
//! that it can be counted how often something was done.

use std::{
    path::Path,
    sync::{Mutex, MutexGuard},
    time::Duration,
};

use iden_bridge::{Tasks, prelude::*};
use rusqlite::{Connection, OptionalExtension, params};
use tokio_util::sync::CancellationToken;

use crate::{child_process::say, company::Employment};

#[derive(BridgeResource, Clone, Debug)]
#[bridge(account, name = "People")]
pub struct Person {
    #[bridge(id)]
    pub number: u32,
    pub email: String,
    pub first_name: String,
    pub status: Employment,
}

/// The e-mail address of that person. It is known before the account is there.
pub fn email(number: u32) -> String {
    format!("p{number}@acme.example")
}

/// The temporary password for people with an even number. The others are told by the system itself.
pub const PASSWORD: &str = "correct horse";

pub fn gets_password(number: u32) -> bool {
    number.is_multiple_of(2)
}

/// Something that was done.
#[derive(Clone, Debug, PartialEq)]
pub struct Effect {
    pub key: String,
    pub action: String,
    pub number: u32,
}

/// How an account looks in the end.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Looks {
    pub status: String,
    pub first_name: String,
}

/// Where every handler stops, when it is told to.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub enum Halt {
    BeforeTheEffect,
    AfterTheEffect,
}

impl Halt {
    /// What the handler says there.
    pub fn says(self) -> &'static str {
        match self {
            Halt::BeforeTheEffect => "about to do it",
            Halt::AfterTheEffect => "done, and about to answer",
        }
    }
}

/// The system.
pub struct World {
    db: Mutex<Connection>,
    halt: Option<(Halt, CancellationToken)>,
    /// How long each half of a handler takes.
    pace: Duration,
}

impl World {
    /// Opens it. It is made where there is none. Nothing in it is unique: what is done twice is there twice.
    pub fn open(path: &Path) -> Self {
        let db = Connection::open(path).unwrap();
        let tables = "PRAGMA synchronous = off;
            CREATE TABLE IF NOT EXISTS effect
                (n INTEGER PRIMARY KEY AUTOINCREMENT, task_key TEXT, action TEXT, account INTEGER);
            CREATE TABLE IF NOT EXISTS account
                (number INTEGER, email TEXT, first_name TEXT DEFAULT '', status TEXT DEFAULT 'active', password TEXT);";
        db.execute_batch(tables).unwrap();
        World { db: db.into(), halt: None, pace: Duration::ZERO }
    }

    #[must_use]
    pub fn halting(mut self, halt: Option<Halt>, go: CancellationToken) -> Self {
        self.halt = halt.map(|halt| (halt, go));
        self
    }

    #[must_use]
    pub fn at_pace(mut self, pace: Duration) -> Self {
        self.pace = pace;
        self
    }

    fn db(&self) -> MutexGuard<'_, Connection> {
        self.db.lock().unwrap()
    }

    pub fn add(&self, number: u32) {
        let added = "INSERT INTO account (number, email) VALUES (?1, ?2)";
        self.db().execute(added, params![number, email(number)]).unwrap();
    }

    /// All that was ever done, in order.
    pub fn effects(&self) -> Vec<Effect> {
        let db = self.db();
        let mut rows = db.prepare("SELECT task_key, action, account FROM effect ORDER BY n").unwrap();
        let effect =
            |row: &rusqlite::Row<'_>| Ok(Effect { key: row.get(0)?, action: row.get(1)?, number: row.get(2)? });
        rows.query_map([], effect).unwrap().map(Result::unwrap).collect()
    }

    /// The accounts with this number: one, or something is wrong.
    pub fn accounts(&self, number: u32) -> Vec<Looks> {
        let db = self.db();
        let mut rows = db.prepare("SELECT status, first_name FROM account WHERE number = ?1").unwrap();
        let looks = |row: &rusqlite::Row<'_>| Ok(Looks { status: row.get(0)?, first_name: row.get(1)? });
        rows.query_map([number], looks).unwrap().map(Result::unwrap).collect()
    }

    async fn come_to(&self, here: Halt) {
        tokio::time::sleep(self.pace).await;
        if let Some((halt, go)) = &self.halt
            && *halt == here
        {
            say(here.says());
            go.cancelled().await;
        }
    }

    /// Does something to an account, and leaves its row. Both or none, as if it were one call to a foreign system.
    fn write(&self, effect: &Effect, change: &str, text: &str) -> Result<(), TaskError> {
        let mut db = self.db();
        let whole = db.transaction()?;
        let row = "INSERT INTO effect (task_key, action, account) VALUES (?1, ?2, ?3)";
        whole.execute(row, params![effect.key, effect.action, effect.number])?;
        if whole.execute(change, params![effect.number, text])? == 0 {
            return Err(TaskError::fail("account_not_found", "there is no such account"));
        }
        Ok(whole.commit()?)
    }
}

impl Source<Person> for World {
    async fn read(&self, _: &Out<Person>) -> Result<(), SourceError> {
        Err(SourceError::new("these tests sync nothing"))
    }
}

async fn act(cx: &TaskContext<World>, action: &str, number: u32, change: &str, text: &str) -> Result<(), TaskError> {
    cx.come_to(Halt::BeforeTheEffect).await;
    let effect = Effect { key: cx.task.key.clone(), action: action.to_owned(), number };
    cx.write(&effect, change, text)?;
    cx.come_to(Halt::AfterTheEffect).await;
    Ok(())
}

const SET_STATUS: &str = "UPDATE account SET status = ?2 WHERE number = ?1";

// Many attempts, so that they do not run out, however often a process is killed.

#[bridge_task(retry = 100)]
async fn suspend(cx: TaskContext<World>, task: SuspendAccount<Person>) -> Result<(), TaskError> {
    act(&cx, "suspend_account", *task.id(), SET_STATUS, "suspended").await
}

#[bridge_task(retry = 100)]
async fn resume(cx: TaskContext<World>, task: UnsuspendAccount<Person>) -> Result<(), TaskError> {
    act(&cx, "unsuspend_account", *task.id(), SET_STATUS, "active").await
}

#[bridge_task(retry = 100)]
async fn rename(cx: TaskContext<World>, task: UpdateAccount<Person>) -> Result<(), TaskError> {
    let changes = task.changes();
    let [AccountChange::FirstName(Some(name))] = &changes[..] else {
        return Err(TaskError::fail("unsupported_change", "one first name, please"));
    };
    let change = "UPDATE account SET first_name = ?2 WHERE number = ?1";
    act(&cx, "update_account", *task.id(), change, name).await
}

#[bridge_task(retry = 100, verify = hired)]
async fn hire(cx: TaskContext<World>, task: CreateAccount<Person>) -> Result<Created<Person>, TaskError> {
    let email = task.email().unwrap_or_default();
    let number = email.trim_start_matches('p').trim_end_matches("@acme.example").parse()?;
    let change = "INSERT INTO account (number, email) VALUES (?1, ?2)";
    act(&cx, "create_account", number, change, email).await?;
    Ok(Created::new(number))
}

async fn hired(cx: &TaskContext<World>, task: &CreateAccount<Person>) -> Result<Probe<Created<Person>>, TaskError> {
    let db = cx.db();
    let found = db.query_row("SELECT number FROM account WHERE email = ?1", [task.email()], |row| row.get(0));
    Ok(found.optional()?.map_or(Probe::NotApplied, |number| Probe::Applied(Created::new(number))))
}

#[bridge_task(retry = 100)]
async fn reset(cx: TaskContext<World>, task: ResetPassword<Person>) -> Result<NewPassword, TaskError> {
    let number = *task.id();
    act(&cx, "reset_password", number, "UPDATE account SET password = ?2 WHERE number = ?1", PASSWORD).await?;
    if gets_password(number) {
        return Ok(NewPassword::temporary(Secret::new(PASSWORD)));
    }
    Ok(NewPassword::sent_by_the_system())
}

pub fn tasks() -> Tasks<World> {
    tasks![suspend, resume, rename, hire, reset]
}
