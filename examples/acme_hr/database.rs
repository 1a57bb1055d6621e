//! The database file.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use rusqlite::{Connection, Transaction, TransactionBehavior};
use serde::Deserialize;

use crate::{error::HrError, seed};

const SCHEMA: &str = "
    create table person (
        number     integer primary key,
        email      text not null unique collate nocase,
        first_name text not null,
        surname    text,
        status     text not null default 'employed' check (status in ('employed', 'on_leave', 'left')),
        salary     integer not null default 0,
        -- The key of the task that hired this person, so that an interrupted task can be recognised.
        hired_by   text unique
    ) strict;
    create table team (id text primary key, name text not null) strict;
    create table seat (sku text primary key, name text not null) strict;
    create table team_member (
        person integer not null references person, team text not null references team, primary key (person, team)
    ) strict, without rowid;
    create table seat_holder (
        person integer not null references person, seat text not null references seat, primary key (person, seat)
    ) strict, without rowid;
    -- One-time passwords, for the HR portal: it takes each once, before it expires, and asks for a new one.
    create table password_reset (
        person integer primary key references person, password text not null, expires_at text not null
    ) strict;";

/// The variable that names the database.
const DATABASE: &str = "ACME_HR_DB";

/// `[app]` in `bridge.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    database: Option<PathBuf>,
}

/// The HR system.
#[derive(Debug)]
pub struct Hr {
    // One connection behind a lock, taken on blocking threads alone. Never hold such a guard over an `await`.
    database: Arc<Mutex<Connection>>,
}

impl Hr {
    /// Opens the database, and makes it if it is not there.
    pub async fn open(settings: Settings) -> Result<Hr, HrError> {
        let from_environment = std::env::var_os(DATABASE).filter(|name| !name.is_empty()).map(PathBuf::from);
        let path = from_environment.or(settings.database).unwrap_or_else(|| PathBuf::from("acme_hr.sqlite"));
        Hr::with(Connection::open(Path::new(&path))?)
    }

    /// The same with a connection that is open: a test has its database in memory.
    pub fn with(connection: Connection) -> Result<Hr, HrError> {
        connection.busy_timeout(Duration::from_secs(5))?;
        connection.pragma_update(None, "foreign_keys", true)?;
        let hr = Hr { database: Arc::new(Mutex::new(connection)) };
        hr.transaction(|tx| {
            if !tx.table_exists(None, "person")? {
                tx.execute_batch(SCHEMA)?;
                seed::fill(tx)?;
            }
            Ok(())
        })?;
        Ok(hr)
    }

    /// The database, for a thread that outlives the borrow of `self`.
    pub fn handle(&self) -> Arc<Mutex<Connection>> {
        Arc::clone(&self.database)
    }

    /// All of `work`, or nothing of it.
    pub fn transaction<T>(&self, work: impl FnOnce(&Transaction<'_>) -> Result<T, HrError>) -> Result<T, HrError> {
        let mut connection = lock(&self.database);
        // Immediate: what is read before the first write is still true when it is written.
        let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let done = work(&tx)?;
        tx.commit()?;
        Ok(done)
    }
}

/// A thread that panicked with the connection left nothing half-done in it: its transaction was rolled back.
pub fn lock(database: &Mutex<Connection>) -> MutexGuard<'_, Connection> {
    database.lock().unwrap_or_else(PoisonError::into_inner)
}
