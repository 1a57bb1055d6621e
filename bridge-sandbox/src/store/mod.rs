//! The state file: SQLite, one row for each thing that changes by itself, its body in JSON.

mod load;
mod save;

use std::io;
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, ErrorCode};

use crate::state::State;

/// Marks a file as ours: `BrSb`.
const APPLICATION: i64 = 0x4272_5362;
/// What this version reads and writes.
const FORMAT: i64 = 1;

const TABLES: &str = "
    CREATE TABLE clock (ahead_micros INTEGER NOT NULL);
    CREATE TABLE tenants (position INTEGER PRIMARY KEY, slug TEXT NOT NULL UNIQUE, keys TEXT NOT NULL);
    CREATE TABLE catalogs (tenant INTEGER NOT NULL, position INTEGER NOT NULL, body TEXT NOT NULL,
        PRIMARY KEY (tenant, position));
    CREATE TABLE apps (number INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, tenant INTEGER NOT NULL, body TEXT NOT NULL);
    CREATE TABLE records (app BLOB NOT NULL, slug TEXT NOT NULL, key TEXT NOT NULL, body TEXT NOT NULL,
        PRIMARY KEY (app, slug, key)) WITHOUT ROWID;
    CREATE TABLE sessions (number INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, app BLOB NOT NULL, body TEXT NOT NULL,
        snapshot TEXT);
    CREATE TABLE pages (number INTEGER PRIMARY KEY, session BLOB NOT NULL, body TEXT NOT NULL);
    CREATE INDEX pages_of_session ON pages (session);
    CREATE TABLE tasks (number INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, app BLOB NOT NULL, body TEXT NOT NULL);
";

/// An open state file. Nobody else can open it meanwhile.
pub(crate) struct Store {
    connection: Connection,
}

/// Anything that can go wrong with a row: its SQL or its JSON.
type Trouble = Box<dyn std::error::Error + Send + Sync>;

impl Store {
    /// Opens or creates a state file, and puts what it holds into the state, which is empty.
    pub(crate) fn open(path: &Path, state: &mut State) -> io::Result<Self> {
        let refuse = |trouble: Trouble| {
            let is_locked = trouble
                .downcast_ref::<rusqlite::Error>()
                .is_some_and(|error| error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy));
            if is_locked {
                let words = format!("the state file {} is in use by another bridge-sandbox", path.display());
                return io::Error::new(io::ErrorKind::ResourceBusy, words);
            }
            io::Error::new(io::ErrorKind::InvalidData, format!("the state file {}: {trouble}", path.display()))
        };
        let store = Self::prepare(path).map_err(refuse)?;
        store.load(state).map_err(|trouble| refuse(format!("cannot be read: {trouble}").into()))?;
        state.note_rows();
        Ok(store)
    }

    fn prepare(path: &Path) -> Result<Self, Trouble> {
        make_private(path)?;
        let connection = Connection::open(path)?;
        // Whoever has it keeps it until the end: waiting is no use.
        connection.busy_timeout(Duration::ZERO)?;
        let number = |pragma: &str| connection.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0));
        let (application, format) = (number("application_id")?, number("user_version")?);
        let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
        // Before anything is written: the file may be somebody else's.
        match (application, format) {
            (0, 0) if tables == 0 => {}
            (APPLICATION, FORMAT) => {}
            (APPLICATION, newer) if newer > FORMAT => {
                return Err(format!(
                    "was written by a newer bridge-sandbox (format {newer}; this one knows {FORMAT}): use that version, or \
                     another file"
                )
                .into());
            }
            _ => return Err("is a database, but no state file of bridge-sandbox: choose another file".into()),
        }
        connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
        // Survives a killed process; a power cut may take the last answers with it, which a sandbox may forget.
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "NORMAL")?;
        connection.execute_batch("BEGIN EXCLUSIVE")?;
        if tables == 0 {
            connection.execute_batch(TABLES)?;
            connection.pragma_update(None, "application_id", APPLICATION)?;
            connection.pragma_update(None, "user_version", FORMAT)?;
        }
        connection.execute_batch("COMMIT")?;
        Ok(Self { connection })
    }
}

/// Lets nobody but the owner read the file and its companions: they hold API keys and personal data. An existing file is not
/// opened for it: closing it would release the locks of another sandbox of this process.
#[cfg(unix)]
fn make_private(path: &Path) -> io::Result<()> {
    use std::fs::{self, OpenOptions, Permissions};
    use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};

    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        made => return made.map(drop),
    }
    for companion in ["", "-wal", "-shm", "-journal"] {
        let mut name = path.as_os_str().to_owned();
        name.push(companion);
        match fs::metadata(&name) {
            // Fails if somebody else owns the file.
            Ok(found) if found.is_file() => fs::set_permissions(&name, Permissions::from_mode(0o600))?,
            // SQLite says what is wrong with it.
            _ => {}
        }
    }
    Ok(())
}

#[cfg(not(unix))]
fn make_private(_: &Path) -> io::Result<()> {
    Ok(())
}
