//! The one connection: opening it, and its transactions.

use std::{
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior, config::DbConfig};

use super::{
    disk::DiskPolicy,
    fault::{Fault, Result, damaged},
    folder::Folder,
    scan::Scan,
    schema,
};
use crate::journal::JournalError;

/// Older ones can damage a journal that two processes write to (the WAL-reset bug).
const OLDEST_SQLITE: (i32, &str) = (3_051_003, "3.51.3");
/// A connection stays with one thread at a time.
const FLAGS: OpenFlags = OpenFlags::SQLITE_OPEN_READ_WRITE.union(OpenFlags::SQLITE_OPEN_NO_MUTEX);
/// Of a file: SQLite follows no link to it or to its companions.
const FILE_FLAGS: OpenFlags = if cfg!(unix) { FLAGS.union(OpenFlags::SQLITE_OPEN_NOFOLLOW) } else { FLAGS };
/// How long to wait for the other process that writes.
const BUSY: Duration = Duration::from_secs(30);

/// How often a journal that another process is making is opened again, and after how long.
const OPEN_AGAIN: u32 = 100;
const OPEN_PAUSE: Duration = Duration::from_millis(20);

/// The journal, for one caller at a time.
#[derive(Debug)]
pub(super) struct Store {
    // Closed first: the scan's file is removed, and the lock let go of, when nobody uses the files any more.
    pub(super) connection: Connection,
    pub(super) scan: Option<Scan>,
    /// The scratch database of the last scan is attached still, in memory and empty.
    pub(super) has_empty_scratch: bool,
    place: Place,
}

#[derive(Debug)]
enum Place {
    Memory,
    /// There is no journal yet; `connection` is an empty one in memory until somebody makes it.
    Missing(Folder),
    Disk(Folder),
}

impl Store {
    /// For the one engine of this directory.
    pub(super) fn locked(directory: PathBuf, disk: DiskPolicy) -> Result<Self, JournalError> {
        let folder = Folder::locked(directory, disk)?;
        folder.create_journal()?;
        let connection = open(&folder)?;
        check(&connection, &folder.journal())?;
        Ok(Store { connection, scan: None, has_empty_scratch: false, place: Place::Disk(folder) })
    }

    /// For a command beside it, or where there is none.
    pub(super) fn beside(directory: PathBuf, disk: DiskPolicy) -> Result<Self, JournalError> {
        let folder = Folder::unlocked(directory, disk)?;
        if !folder.has_journal()? {
            let connection = in_memory().map_err(|fault| fault.into_error(&folder.journal(), "opened"))?;
            return Ok(Store { connection, scan: None, has_empty_scratch: false, place: Place::Missing(folder) });
        }
        let connection = open(&folder)?;
        Ok(Store { connection, scan: None, has_empty_scratch: false, place: Place::Disk(folder) })
    }

    pub(super) fn in_memory() -> Result<Self, JournalError> {
        let connection = in_memory().map_err(|fault| fault.into_error(Path::new(":memory:"), "opened"))?;
        Ok(Store { connection, scan: None, has_empty_scratch: false, place: Place::Memory })
    }

    /// Two connections to one journal in memory.
    pub(super) fn two_in_memory() -> Result<(Self, Self), JournalError> {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let name = format!("file:journal-{}?mode=memory&cache=shared", NUMBER.fetch_add(1, Ordering::Relaxed));
        let store = || -> Result<Self> {
            let connection = prepared(Connection::open_with_flags(
                &name,
                FLAGS | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_CREATE,
            )?)?;
            Ok(Store { connection, scan: None, has_empty_scratch: false, place: Place::Memory })
        };
        let one = || store().map_err(|fault| fault.into_error(Path::new(":memory:"), "opened"));
        Ok((one()?, one()?))
    }

    pub(super) fn forget_everything(&mut self) -> Result<()> {
        self.drop_scan();
        schema::empty(&mut self.connection)
    }

    /// The file, for messages.
    pub(super) fn path(&self) -> PathBuf {
        match &self.place {
            Place::Memory => PathBuf::from(":memory:"),
            Place::Missing(folder) | Place::Disk(folder) => folder.journal(),
        }
    }

    /// Where scratch files go; `None`: into memory.
    pub(super) fn folder(&self) -> Option<&Folder> {
        match &self.place {
            Place::Memory | Place::Missing(_) => None,
            Place::Disk(folder) => Some(folder),
        }
    }

    /// The connection, for looking.
    pub(super) fn reading(&mut self) -> Result<&mut Connection> {
        if let Place::Missing(folder) = &self.place
            && folder.has_journal()?
        {
            self.materialise()?;
        }
        Ok(&mut self.connection)
    }

    /// One entry: all of it or nothing.
    pub(super) fn write<T>(&mut self, entry: impl FnOnce(&Transaction<'_>) -> Result<T>) -> Result<T> {
        self.materialise()?;
        self.check_lock()?;
        let tx = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let done = entry(&tx)?;
        tx.commit()?;
        Ok(done)
    }

    /// The same without waiting for the disk: it may be lost with the machine's power. What was written before stays.
    pub(super) fn write_lightly<T>(&mut self, entry: impl FnOnce(&Transaction<'_>) -> Result<T>) -> Result<T> {
        self.materialise()?;
        self.connection.execute_batch("PRAGMA main.synchronous = NORMAL")?;
        let done = self.write(entry);
        self.connection.execute_batch("PRAGMA main.synchronous = FULL")?;
        done
    }

    /// Fails if the lock of this engine is no longer the one that others find: then a second engine may be at work.
    pub(super) fn check_lock(&self) -> Result<()> {
        match &self.place {
            Place::Disk(folder) => Ok(folder.check_lock()?),
            Place::Memory | Place::Missing(_) => Ok(()),
        }
    }

    /// Makes a journal that is not there.
    pub(super) fn materialise(&mut self) -> Result<()> {
        if let Place::Missing(folder) = &self.place {
            folder.create_journal()?;
            self.connection = open(folder)?;
            if let Place::Missing(folder) = std::mem::replace(&mut self.place, Place::Memory) {
                self.place = Place::Disk(folder);
            }
        }
        Ok(())
    }
}

fn in_memory() -> Result<Connection> {
    prepared(Connection::open_in_memory_with_flags(FLAGS)?)
}

fn prepared(mut connection: Connection) -> Result<Connection> {
    set_up(&connection)?;
    schema::create(&mut connection)?;
    Ok(connection)
}

fn open(folder: &Folder) -> Result<Connection, JournalError> {
    folder.check_room()?;
    let (path, real) = (&*folder.journal(), folder.real_journal()?);
    let opened = || -> Result<Connection> {
        let (oldest, name) = OLDEST_SQLITE;
        if rusqlite::version_number() < oldest {
            return Err(Fault::other(format!("SQLite {} is older than {name}", rusqlite::version())));
        }
        // The file is there, with its mode.
        let mut connection = Connection::open_with_flags(&real, FILE_FLAGS)?;
        connection.busy_timeout(BUSY)?;
        recognise(&connection, folder)?;
        let mode = set_up(&connection)?;
        if mode != "wal" {
            return Err(Fault::other("the file system does not share memory between processes: use a local disk"));
        }
        schema::create(&mut connection)?;
        Ok(connection)
    };
    // While another process makes the journal, SQLite answers "locked" at once in some steps, whatever the busy time-out.
    for _ in 0..OPEN_AGAIN {
        match opened() {
            Err(fault) if fault.is_busy() => std::thread::sleep(OPEN_PAUSE),
            opened => return opened.map_err(|fault| fault.into_error(path, "opened")),
        }
    }
    opened().map_err(|fault| fault.into_error(path, "opened"))
}

/// Refuses what is no journal of ours or a newer one, and an older one that an engine works on, before anything is written.
fn recognise(connection: &Connection, folder: &Folder) -> Result<()> {
    let path = folder.journal();
    let number = |pragma| connection.query_row(pragma, [], |row| row.get::<_, i64>(0));
    let found = number("PRAGMA user_version")?;
    let empty = number("SELECT count(*) FROM sqlite_schema")? == 0;
    if !empty && number("PRAGMA application_id")? != schema::APPLICATION {
        let why = "it is a database of something else".to_owned();
        return Err(JournalError::Unreadable { path, why }.into());
    }
    if (1..schema::VERSION).contains(&found) && folder.has_other_engine()? {
        return Err(JournalError::Older { path, found }.into());
    }
    if found > schema::VERSION {
        // Not even what stands in its log is moved.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
        return Err(JournalError::Newer { path, found, known: schema::VERSION }.into());
    }
    Ok(())
}

/// The settings of every connection. Answers with the journal mode: `wal`, or `memory`.
fn set_up(connection: &Connection) -> Result<String> {
    // A connector prepares some sixty statements; none of them is worth preparing twice.
    connection.set_prepared_statement_cache_capacity(128);
    // Nor is a plan worth making anew for each value that is bound.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    // 2 MiB of cache: the known set of a million records must not come into memory.
    let mode = connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))?;
    connection.execute_batch(
        "PRAGMA synchronous = FULL;
         PRAGMA foreign_keys = ON;
         PRAGMA cache_size = -2048;
         PRAGMA journal_size_limit = 16777216;
         PRAGMA trusted_schema = OFF;",
    )?;
    Ok(mode)
}

/// Looks for damage. The engine alone does: it takes a second for a million records, and every command would wait for it.
fn check(connection: &Connection, path: &Path) -> Result<(), JournalError> {
    let found = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get::<_, String>(0));
    match found {
        Ok(found) if found == "ok" => Ok(()),
        Ok(why) => Err(damaged(path, &why)),
        Err(error) => Err(Fault::from(error).into_error(path, "checked")),
    }
}
