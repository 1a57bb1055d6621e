//! A journal whose rows or bytes were damaged.

use std::{collections::HashSet, fs, path::Path, sync::LazyLock};

use bridge_core::{
    Status as AccountStatus,
    wire::{Kind, TaskId, TaskReport},
};
use bridge_runtime::journal::{
    Activity, AppJournal, Approval, Change, Command, ControlJournal, EdgeKey, Hold, HoldReason, Holdings, JournalError,
    KnownApp, LoginKey, LossKind, OpenSession, Ordered, Origin, PlanJournal, Retry, ScanEnd, ScanJournal, ScanMode,
    Seen, SeenTask, SessionJournal, SessionState, SqliteJournal, Status, TaskEffect, TaskEnd, TaskJournal, TaskState,
    Touched,
};
use jiff::Timestamp;
use rusqlite::{
    Connection,
    types::{Value, ValueRef},
};
use tokio::runtime::Runtime;

use crate::{
    input::Input,
    promise::{LONGEST, assert_shown},
};

const ID: &str = "0b9e6a5c-3f0e-4d53-9b52-0d2f6f1f4a11";
const OTHER: &str = "0b9e6a5c-3f0e-4d53-9b52-0d2f6f1f4a12";

/// A journal with something in each of its tables, as bytes; and the columns of each.
static JOURNAL: LazyLock<Vec<u8>> = LazyLock::new(|| block_on(write_journal()));
static COLUMNS: LazyLock<Vec<(String, String)>> = LazyLock::new(columns);

/// Whatever stands in a journal's file, opening and reading it never panics, nor does what writes to it then: there is an
/// answer, or an error that says in one line what is wrong with which file. The first byte says what is damaged: cells of
/// the tables, or the file itself.
pub fn journal_values(data: &[u8]) {
    let folder = in_memory_folder();
    let mut input = Input(data);
    if input.byte().is_multiple_of(2) {
        let file = folder.path().join("journal.db");
        fs::write(&file, &*JOURNAL).unwrap();
        damage_cells(&file, &mut input);
    } else {
        fs::write(folder.path().join("journal.db"), damaged_bytes(&mut input)).unwrap();
    }
    match SqliteJournal::open(folder.path()) {
        Ok(journal) => {
            block_on(async {
                read_all(&journal).await;
                use_it(&journal).await;
                read_all(&journal).await;
            });
        }
        Err(error) => check_error(&error),
    }
    match SqliteJournal::beside(folder.path()) {
        Ok(journal) => block_on(read_all(&journal)),
        Err(error) => check_error(&error),
    }
}

/// Cells get other values: numbers at the ends of their ranges, texts, changed texts, blobs, nothing.
fn damage_cells(file: &Path, input: &mut Input<'_>) {
    let db = Connection::open(file).unwrap();
    db.execute_batch("PRAGMA ignore_check_constraints = ON; PRAGMA foreign_keys = OFF; PRAGMA synchronous = OFF;")
        .unwrap();
    while !input.is_empty() {
        let (table, column) = &COLUMNS[input.choice(COLUMNS.len())];
        let value = match input.choice(5) {
            0 => Value::Integer([0, -1, 1, 9, i64::MAX, i64::MIN, 1 << 32, 255][input.choice(8)]),
            1 => Value::Text(input.text()),
            2 => Value::Blob(input.piece().to_vec()),
            3 => Value::Null,
            _ => spliced(&db, table, column, input),
        };
        // What the table itself refuses does not get in.
        let _ = db.execute(&format!("UPDATE OR REPLACE {table} SET {column} = ?1"), [value]);
    }
}

/// The text of a cell, with a piece of it replaced.
fn spliced(db: &Connection, table: &str, column: &str, input: &mut Input<'_>) -> Value {
    let (at, gone, piece) = (usize::from(input.byte()), usize::from(input.byte() % 32), input.text());
    let found = db.query_row(&format!("SELECT {column} FROM {table} WHERE {column} IS NOT NULL"), [], |row| {
        Ok(match row.get_ref(0)? {
            ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned(),
            _ => String::new(),
        })
    });
    let chars: Vec<char> = found.unwrap_or_default().chars().collect();
    let at = at.min(chars.len());
    let rest = &chars[(at + gone).min(chars.len())..];
    Value::Text(chars[..at].iter().copied().chain(piece.chars()).chain(rest.iter().copied()).collect())
}

/// The file with other bytes at some places, and perhaps cut off.
fn damaged_bytes(input: &mut Input<'_>) -> Vec<u8> {
    let mut bytes = JOURNAL.clone();
    let keep = input.byte();
    while !input.is_empty() {
        let place = usize::from(input.byte()) << 8 | usize::from(input.byte());
        let at = if input.byte().is_multiple_of(4) { place % 120 } else { (place * 7) % bytes.len() };
        bytes[at] = input.byte();
    }
    if keep > 200 {
        bytes.truncate(bytes.len() / 64 * usize::from(keep - 200));
    }
    bytes
}

async fn read_all(journal: &SqliteJournal) {
    let id: TaskId = ID.parse().unwrap();
    check(journal.app().await);
    check(journal.types().await);
    check(journal.completed_at().await);
    check(journal.session().await);
    check(journal.held().await);
    check(journal.plan_items("plan", 10).await);
    check(journal.approvals().await);
    check(journal.covering_approval(&[], now()).await);
    check(journal.status().await);
    check(journal.tasks(vec![id, OTHER.parse().unwrap()]).await);
    check(journal.open_tasks().await);
    check(journal.task_steps(id).await);
    check(journal.at_work().await);
    check(journal.touched().await);
    check(journal.overtaken_by(&seen_task(ID)).await);
    check(journal.is_ordered(&ordered()).await);
}

/// What a connector would do next.
async fn use_it(journal: &SqliteJournal) {
    check(journal.take_commands().await);
    check(journal.see_tasks(vec![seen_task(ID), seen_task(OTHER)], now()).await);
    check(journal.start_task(&seen_task(OTHER), now()).await);
    check(journal.move_task(OTHER.parse().unwrap(), TaskState::Parked, "why", now()).await);
    check(journal.retry_task(OTHER.parse().unwrap(), Retry::NotDone, now()).await);
    check(journal.begin_scan(ScanMode::Push).await);
    check(journal.see("team", Kind::Group, vec![seen("red", None, Vec::new())]).await);
    check(journal.see("employee", Kind::Account, vec![seen("1", Some(AccountStatus::Suspended), Vec::new())]).await);
    check(journal.missing("employee", None, 10).await);
    check(journal.set_absent("employee", vec!["2".to_owned()]).await);
    check(journal.losses("employee", &["2".to_owned()], now()).await);
    check(journal.changes("employee", Change::Changed, 10).await);
    if let Some(hash) = check(journal.set_plan(&[], now()).await) {
        check(journal.plan_items(&hash, 10).await);
    }
    let session = OpenSession { id: Some(ID.parse().unwrap()), state: SessionState::Completing, since: now() };
    check(journal.begin_completing(session).await);
    check(journal.end_scan(ScanEnd::Completed { settled: true }, now()).await);
    check(journal.forget_tasks(HashSet::new(), now(), 0).await);
    check(journal.set_status(&Status::new(Activity::Stopped, now())).await);
    check(journal.settle_completed(now()).await);
}

fn check<T>(answer: Result<T, JournalError>) -> Option<T> {
    answer.map_err(|error| check_error(&error)).ok()
}

fn check_error(error: &JournalError) {
    let shown = error.to_string();
    assert!(!shown.contains("panicked"), "{shown}");
    assert_shown(&shown, LONGEST);
}

fn now() -> Timestamp {
    "2026-11-24T12:00:00Z".parse().unwrap()
}

fn seen_task(id: &str) -> SeenTask {
    SeenTask {
        id: id.parse().unwrap(),
        action: "suspend_account".to_owned(),
        slug: "employee".to_owned(),
        account: Some("1".to_owned()),
        logins: [LoginKey::of("employee", "email", "a@acme.example"), None],
        changed: [None; 2],
        due: Some(now()),
        created: Some(now()),
    }
}

fn ordered() -> Ordered {
    Ordered {
        slug: "employee".into(),
        id: "1".into(),
        kind: LossKind::Edge,
        holds: Some(Holdings::from([("team".into(), vec!["red".into()])])),
    }
}

fn seen(id: &str, status: Option<AccountStatus>, edges: Vec<EdgeKey>) -> Seen {
    Seen { id: id.to_owned(), status, edges, fingerprint: 7, logins: [None; 2], folded: id.len() as i64 }
}

async fn write_journal() -> Vec<u8> {
    let folder = in_memory_folder();
    let journal = SqliteJournal::open(folder.path()).unwrap();
    journal.set_app(KnownApp { id: ID.parse().unwrap(), origin: Origin::Created }).await.unwrap();
    journal.set_registered("employee", Kind::Account, "Employees").await.unwrap();
    journal.set_registered("team", Kind::Group, "Teams").await.unwrap();
    let edge = vec![EdgeKey::of("team", "red")];
    for (people, last) in [(4, false), (3, true)] {
        journal.begin_scan(ScanMode::Push).await.unwrap();
        journal.see("team", Kind::Group, vec![seen("red", None, Vec::new())]).await.unwrap();
        let people = (1..=people).map(|number| seen(&number.to_string(), Some(AccountStatus::Active), edge.clone()));
        journal.see("employee", Kind::Account, people.collect()).await.unwrap();
        journal.set_absent("employee", vec!["4".to_owned()]).await.unwrap();
        if last {
            let reason = HoldReason::Emptied { slug: "seat".to_owned(), before: 3 };
            let hash = journal.set_plan(std::slice::from_ref(&reason), now()).await.unwrap();
            journal.set_held(Some(&Hold::new(hash.clone(), vec![reason]))).await.unwrap();
            journal.approve(Approval::new(hash, "ann", "they left", now())).await.unwrap();
        }
        let end = ScanEnd::Completed { settled: true };
        journal.end_scan(end, now()).await.unwrap();
    }
    let session = OpenSession { id: Some(ID.parse().unwrap()), state: SessionState::Guarding, since: now() };
    journal.set_session(Some(session)).await.unwrap();
    journal.see_tasks(vec![seen_task(ID), seen_task(OTHER)], now()).await.unwrap();
    journal.start_task(&seen_task(ID), now()).await.unwrap();
    let end = TaskEnd { report: TaskReport::failed("timeout", "too slow"), secret: false };
    let touched = Some(Touched { slug: "employee".to_owned(), id: "9".to_owned() });
    let effect = TaskEffect { touched, ordered: vec![ordered()], withdrawn: Vec::new(), logins: [None; 2] };
    journal.end_task(&seen_task(ID), &end, effect, now()).await.unwrap();
    journal.ask(Command::Sync, now()).await.unwrap();
    let activity = Activity::Failed { why: "no".to_owned(), until: now() };
    journal.set_status(&Status::new(activity, now())).await.unwrap();
    drop(journal);
    fs::read(folder.path().join("journal.db")).unwrap()
}

fn columns() -> Vec<(String, String)> {
    let folder = in_memory_folder();
    let file = folder.path().join("journal.db");
    fs::write(&file, &*JOURNAL).unwrap();
    let db = Connection::open(file).unwrap();
    let mut columns = db
        .prepare(
            "SELECT m.name, c.name FROM sqlite_schema m JOIN pragma_table_info(m.name) c
             WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite%' ORDER BY 1, c.cid",
        )
        .unwrap();
    columns.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap().map(Result::unwrap).collect()
}

/// Where no disk is waited for, if there is such a place.
fn in_memory_folder() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.unwrap()
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    static RUNTIME: LazyLock<Runtime> =
        LazyLock::new(|| tokio::runtime::Builder::new_current_thread().build().unwrap());
    RUNTIME.block_on(work)
}
