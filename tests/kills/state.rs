//! The state directory, from outside: what a killed process has left in it.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::PathBuf,
    time::Duration,
};

use rusqlite::{Connection, OptionalExtension, config::DbConfig};
use tempfile::TempDir;
use uuid::Uuid;

pub const JOURNAL: &str = "journal.db";
pub const LOCK: &str = "engine.lock";

/// That of a journal which the program has opened.
pub const VERSION: u32 = 11;

/// What the steps of its own schema did to version 1, undone. Tasks that are over are forgotten.
const BACK_TO_VERSION_1: &str = "
    drop table plan_pushed; drop table approved_item; drop table approved_pushed; drop table respelled;
    alter table type drop column kind; alter table type drop column foreign_records;
    alter table taken drop column target; alter table state drop column poll_failure;
    alter table known drop column email; alter table known drop column username;
    drop view awaited; alter table touched drop column folded; drop view open_task; drop view settled_task; drop table task_step; drop table task;
    alter table touched drop column made; alter table touched drop column misses;
    alter table known drop column spared; alter table type drop column unpushed;
    alter table ordered rename column gone to keep;
    drop table leaving; alter table touched drop column missed_at;
    alter table type drop column coming; alter table type drop column coming_edges;
    alter table session add column plan text;
    alter table session add column approved integer not null default 0;
    create table task (id text primary key, slug text, account text, report text) strict, without rowid;
    pragma user_version = 1;";

pub struct State {
    /// That of the one app.
    pub folder: PathBuf,
}

/// A journal as a killed process has left it. To open the journal itself would repair it before the program has to.
pub struct Copy {
    _directory: TempDir,
    pub journal: Connection,
}

impl State {
    pub fn has(&self, file: &str) -> bool {
        self.folder.join(file).exists()
    }

    pub fn copy(&self) -> Option<Copy> {
        let directory = TempDir::new().unwrap();
        for file in [JOURNAL, "journal.db-wal", "journal.db-journal"] {
            if self.has(file) {
                fs::copy(self.folder.join(file), directory.path().join(file)).unwrap();
            }
        }
        let path = directory.path().join(JOURNAL);
        path.exists().then(|| Copy { journal: Connection::open(path).unwrap(), _directory: directory })
    }

    /// Nobody can read it but its owner, nobody holds the lock, and the journal is sound.
    #[track_caller]
    pub fn check(&self) {
        let Ok(entries) = fs::read_dir(&self.folder) else { return };
        assert_eq!(fs::metadata(&self.folder).unwrap().permissions().mode() & 0o777, 0o700);
        for entry in entries {
            let entry = entry.unwrap();
            let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
            assert_eq!(mode, 0o600, "the mode of {:?} is {mode:o}", entry.file_name());
        }
        if self.has(LOCK) {
            let lock = File::open(self.folder.join(LOCK)).unwrap();
            assert!(lock.try_lock().is_ok(), "the lock is held by nobody");
            let_go(&lock);
        }
        let Some(copy) = self.copy() else { return };
        let found = copy.texts("pragma integrity_check");
        assert_eq!((found, copy.texts("select \"table\" from pragma_foreign_key_check")), (vec!["ok".into()], vec![]));
        let (tables, version) = (copy.count("from sqlite_schema"), copy.version());
        assert!((tables == 0) == (version == 0) && version <= VERSION, "{tables} tables of version {version}");
    }

    /// What a process would leave that is killed with nothing but the lock. Held until it is let go of.
    pub fn take_the_lock(&self) -> File {
        DirBuilder::new().recursive(true).mode(0o700).create(&self.folder).unwrap();
        let path = self.folder.join(LOCK);
        let lock = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(path).unwrap();
        lock.try_lock().unwrap();
        lock
    }

    /// The journal cannot be written to until this is dropped. Copies must wait: closing a file lets go of the locks on it.
    pub fn hold_writes(&self) -> Connection {
        let journal = Connection::open(self.folder.join(JOURNAL)).unwrap();
        journal.busy_timeout(Duration::from_secs(30)).unwrap();
        // It is to stay as the process leaves it.
        journal.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).unwrap();
        journal.execute_batch("begin immediate").unwrap();
        journal
    }

    /// As an earlier version has left it.
    pub fn go_back_to_version_1(&self) {
        let mut journal = Connection::open(self.folder.join(JOURNAL)).unwrap();
        let tx = journal.transaction().unwrap();
        let open: u32 = tx.query_row("select count(*) from open_task", [], |row| row.get(0)).unwrap();
        assert_eq!(open, 0, "they would be lost");
        tx.execute_batch(BACK_TO_VERSION_1).unwrap();
        tx.commit().unwrap();
    }

    pub fn scratch(&self) -> Vec<String> {
        let entries =
            fs::read_dir(&self.folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        entries.filter(|name| name.starts_with("scratch-")).collect()
    }
}

impl Copy {
    fn texts(&self, sql: &str) -> Vec<String> {
        let mut query = self.journal.prepare(sql).unwrap();
        query.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
    }

    /// `what`: from `FROM` on.
    pub fn count(&self, what: &str) -> u32 {
        self.journal.query_row(&format!("select count(*) {what}"), [], |row| row.get(0)).unwrap()
    }

    pub fn version(&self) -> u32 {
        self.journal.query_row("pragma user_version", [], |row| row.get(0)).unwrap()
    }

    pub fn has_tables(&self) -> bool {
        self.count("from sqlite_schema") > 0
    }

    pub fn knows_the_app(&self) -> bool {
        self.has_tables() && self.count("from state where app is not null") > 0
    }

    /// State and id of the session that stands there.
    pub fn session(&self) -> Option<(String, Option<String>)> {
        let sql = "select state, id from session";
        let found = self.has_tables().then(|| self.journal.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?))));
        found.and_then(|found| found.optional().unwrap())
    }

    /// As a number; see the table.
    pub fn task(&self, id: Uuid) -> Option<u32> {
        let sql = "select state from task where id = ?1";
        self.journal.query_row(sql, [id.to_string()], |row| row.get(0)).optional().unwrap()
    }

    /// Every record that Iden may hold, by the program's knowledge.
    pub fn known(&self, slug: &str) -> Vec<String> {
        self.texts(&format!("select known.id from known join type on type.id = known.type where slug = '{slug}'"))
    }
}

/// Closing it is not enough: a process that another history starts just now has it, too, until it is a program.
pub fn let_go(lock: &File) {
    lock.unlock().unwrap();
}
