use rusqlite::Connection;

use super::*;
use crate::journal::{Approval, ApprovalError, Excess, HoldReason, LossKind, Ordered, PlanJournal, SessionJournal};

/// The tables of version 1, as they were.
const VERSION_1: &str = "
CREATE TABLE state (
    one          INTEGER PRIMARY KEY CHECK (one = 1),
    app          TEXT,
    origin       TEXT,
    completed_at INTEGER,
    held         TEXT,
    status       TEXT
) STRICT;
INSERT INTO state (one) VALUES (1);
CREATE TABLE type (
    id             INTEGER PRIMARY KEY,
    slug           TEXT NOT NULL UNIQUE,
    name           TEXT,
    baseline       INTEGER,
    baseline_edges INTEGER
) STRICT;
CREATE TABLE known (
    type        INTEGER NOT NULL REFERENCES type (id),
    id          TEXT NOT NULL,
    status      INTEGER NOT NULL,
    edges       BLOB NOT NULL,
    fingerprint INTEGER,
    edge_key    INTEGER,
    PRIMARY KEY (type, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX known_by_edge_key ON known (edge_key) WHERE edge_key IS NOT NULL;
CREATE TABLE taken (
    type   INTEGER NOT NULL REFERENCES type (id),
    at     INTEGER NOT NULL,
    kind   INTEGER NOT NULL,
    count  INTEGER NOT NULL
) STRICT;
CREATE TABLE ordered (
    type  INTEGER NOT NULL REFERENCES type (id),
    id    TEXT NOT NULL,
    kind  INTEGER NOT NULL,
    keep  BLOB NOT NULL,
    since INTEGER,
    PRIMARY KEY (type, id, kind)
) STRICT, WITHOUT ROWID;
CREATE TABLE session (
    one            INTEGER PRIMARY KEY CHECK (one = 1),
    id             TEXT,
    state          TEXT NOT NULL,
    since          INTEGER NOT NULL,
    plan           TEXT,
    approved       INTEGER NOT NULL DEFAULT 0,
    touched_before INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE plan (
    id      INTEGER PRIMARY KEY,
    hash    TEXT NOT NULL UNIQUE,
    at      INTEGER NOT NULL,
    reasons TEXT NOT NULL
) STRICT;
CREATE TABLE plan_item (
    plan        INTEGER NOT NULL REFERENCES plan (id) ON DELETE CASCADE,
    type        INTEGER NOT NULL REFERENCES type (id),
    kind        INTEGER NOT NULL,
    id          TEXT NOT NULL,
    target      INTEGER NOT NULL,
    target_type INTEGER,
    target_id   TEXT,
    PRIMARY KEY (plan, type, kind, id, target)
) STRICT, WITHOUT ROWID;
CREATE TABLE approval (
    number  INTEGER PRIMARY KEY AUTOINCREMENT,
    hash    TEXT NOT NULL,
    reasons TEXT NOT NULL,
    who     TEXT NOT NULL,
    reason  TEXT NOT NULL,
    at      INTEGER NOT NULL,
    used_at INTEGER
) STRICT;
CREATE TABLE task (
    id      TEXT PRIMARY KEY,
    slug    TEXT,
    account TEXT,
    report  TEXT
) STRICT, WITHOUT ROWID;
CREATE TABLE touched (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    type   INTEGER NOT NULL REFERENCES type (id),
    id     TEXT NOT NULL,
    UNIQUE (type, id)
) STRICT;
CREATE TABLE command (
    name TEXT PRIMARY KEY,
    at   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
PRAGMA application_id = 1231307378;
PRAGMA user_version = 1;
PRAGMA journal_mode = WAL;
";

/// What version 2 had otherwise, as it was.
const VERSION_2: &str = "
DROP TABLE task;
CREATE TABLE task (
    id       TEXT PRIMARY KEY,
    action   TEXT NOT NULL,
    slug     TEXT NOT NULL,
    account  TEXT,
    due      INTEGER,
    created  INTEGER,
    state    INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    outcome  TEXT,
    since    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX task_by_state ON task (state, since);
CREATE INDEX task_of_account ON task (slug, account) WHERE account IS NOT NULL;
CREATE VIEW open_task AS SELECT * FROM task WHERE state IN (1, 2, 4, 5);
CREATE VIEW settled_task AS SELECT * FROM task WHERE state IN (3, 6, 7);
CREATE TABLE task_step (
    task     TEXT NOT NULL REFERENCES task (id) ON DELETE CASCADE,
    number   INTEGER NOT NULL,
    at       INTEGER NOT NULL,
    state    INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    note     TEXT NOT NULL,
    PRIMARY KEY (task, number)
) STRICT, WITHOUT ROWID;
ALTER TABLE touched ADD COLUMN made INTEGER NOT NULL DEFAULT 0;
ALTER TABLE touched ADD COLUMN misses INTEGER NOT NULL DEFAULT 0;
CREATE VIEW awaited AS
    SELECT type.slug, touched.type, touched.id FROM touched JOIN type ON type.id = touched.type
    WHERE touched.made AND touched.misses < 3;
PRAGMA user_version = 2;
";

/// A journal of version 1 with these entries.
fn version_1(directory: &tempfile::TempDir, entries: &str) {
    old_journal(directory, &[VERSION_1, entries]);
}

/// The same of version 2.
fn version_2(directory: &tempfile::TempDir, entries: &str) {
    old_journal(directory, &[VERSION_1, VERSION_2, entries]);
}

fn old_journal(directory: &tempfile::TempDir, sql: &[&str]) {
    let folder = directory.path().join("app");
    std::fs::create_dir(&folder).unwrap();
    let connection = Connection::open(folder.join("journal.db")).unwrap();
    sql.iter().for_each(|sql| connection.execute_batch(sql).unwrap());
}

/// Everything that makes the tables, in order.
fn tables(directory: &tempfile::TempDir) -> Vec<String> {
    let connection = Connection::open(directory.path().join("app/journal.db")).unwrap();
    let mut tables = connection.prepare("SELECT coalesce(sql, name) FROM sqlite_schema ORDER BY type, name").unwrap();
    tables.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
}

#[tokio::test]
async fn tasks_of_version_1_are_carried_over() {
    use TaskState::{Executed, Interrupted};
    let directory = tempfile::tempdir().unwrap();
    version_1(
        &directory,
        r#"INSERT INTO type (slug) VALUES ('employee');
           INSERT INTO known (type, id, status, edges) VALUES (1, 'a', 0, x'');
           INSERT INTO task (id, slug, account) VALUES ('00000000-0000-4000-8000-000000000001', 'employee', 'a');
           INSERT INTO task (id, slug, account, report)
               VALUES ('00000000-0000-4000-8000-000000000002', 'employee', 'b', '{"status":"completed","result":{"n":1.50}}');
           INSERT INTO task (id, report)
               VALUES ('00000000-0000-4000-8000-000000000003', '{"status":"failed","error":{"code":"x","message":"é \"y\""}}');
           INSERT INTO task (id, slug) VALUES ('00000000-0000-4000-8000-000000000004', 'employee');"#,
    );
    let before = Timestamp::now();
    let journal = open(&directory);
    let tasks = journal.tasks((1..=4).map(task_id).collect()).await.unwrap();
    let states: Vec<_> = tasks.iter().map(|task| task.state).collect();
    assert_eq!(states, [Interrupted, Executed, Executed, Interrupted]);
    let result = serde_json::json!({"n": 1.5}).as_object().cloned();
    let reports = [TaskReport::completed(result), TaskReport::failed("x", "é \"y\"")];
    let ends = reports.map(|report| Some(TaskEnd { report, secret: false }));
    assert_eq!(tasks.iter().map(|task| task.end.clone()).collect::<Vec<_>>()[1..3], ends);
    assert_eq!((&tasks[0].end, &tasks[3].end), (&None, &None));
    let of = |number, slug: &str, account| SeenTask {
        action: String::new(),
        slug: slug.to_owned(),
        ..task(number, account)
    };
    let seen: Vec<_> = tasks.iter().map(|task| task.seen.clone()).collect();
    let expected =
        [of(1, "employee", Some("a")), of(2, "employee", Some("b")), of(3, "", None), of(4, "employee", None)];
    assert_eq!(seen, expected);
    for task in &tasks {
        assert_eq!(task.attempts, 1);
        // Whole seconds.
        assert!(task.since.as_second() >= before.as_second() && task.since <= Timestamp::now(), "{}", task.since);
        let steps = journal.task_steps(task.seen.id).await.unwrap();
        assert_eq!((steps.len(), steps[0].state, steps[0].at), (1, task.state, task.since));
    }
    assert_eq!(journal.touched().await.unwrap(), ["a", "b"].map(account), "they are open");
    assert_eq!(start(&journal, &task(1, Some("a"))).await, 2);
}

#[tokio::test]
async fn whatever_else_version_1_knew_is_kept() {
    let directory = tempfile::tempdir().unwrap();
    version_1(
        &directory,
        "UPDATE state SET app = '6f4b0d4e-4b3f-4b6e-9a57-1d3f2c1b0a99', origin = 'created', completed_at = 0;
         INSERT INTO type (slug, name) VALUES ('employee', 'Employees');
         INSERT INTO known (type, id, status, edges) VALUES (1, 'a', 2, x'');",
    );
    let beside = beside(&directory);
    assert_eq!(beside.app().await.unwrap(), Some(app()));
    assert_eq!(beside.completed_at().await.unwrap(), Some(NOW));
    assert_eq!(known(&beside, "employee").await, ["a"]);
}

#[tokio::test]
async fn tasks_and_records_of_version_2_are_carried_over() {
    let directory = tempfile::tempdir().unwrap();
    version_2(
        &directory,
        r#"INSERT INTO type (slug, baseline) VALUES ('employee', 1);
           INSERT INTO known (type, id, status, edges) VALUES (1, 'a', 2, x'');
           INSERT INTO task (id, action, slug, account, due, created, state, attempts, outcome, since)
               VALUES ('00000000-0000-4000-8000-000000000001', 'delete_account', 'employee', 'a', 9, 9, 3, 1,
                       '{"report":{"status":"completed"},"secret":false}', 0);
           INSERT INTO task_step (task, number, at, state, attempts, note)
               VALUES ('00000000-0000-4000-8000-000000000001', 1, 0, 3, 1, '');
           INSERT INTO touched (type, id, made, misses) VALUES (1, 'a', 1, 1);"#,
    );
    let journal = open(&directory);
    let deleted = journal.tasks(vec![task_id(1)]).await.unwrap().remove(0);
    assert_eq!((deleted.state, deleted.attempts, deleted.seen.logins), (TaskState::Reported, 1, [None; 2]));
    assert_eq!(journal.task_steps(task_id(1)).await.unwrap().len(), 1);
    assert_eq!(known(&journal, "employee").await, ["a"], "nobody was spared");
    assert_eq!(journal.touched().await.unwrap(), [account("a")], "it is waited for still");
    let update = SeenTask { id: task_id(2), ..task(2, Some("a")) };
    assert_eq!(journal.overtaken_by(&update).await.unwrap(), Some(task_id(1)), "by the id, as before");
}

#[tokio::test]
async fn a_task_of_version_2_touches_the_known_spelling_of_its_account_when_it_starts_again() {
    let directory = tempfile::tempdir().unwrap();
    version_2(
        &directory,
        r#"INSERT INTO type (slug, baseline) VALUES ('employee', 1);
           INSERT INTO known (type, id, status, edges) VALUES (1, 'E-7', 2, x'');
           INSERT INTO task (id, action, slug, account, due, created, state, attempts, since)
               VALUES ('00000000-0000-4000-8000-000000000001', 'update_account', 'employee', 'e-7', 9, 9, 4, 1, 0);"#,
    );
    let journal = open(&directory);
    assert_eq!(journal.at_work().await.unwrap(), [account("e-7")]);
    start(&journal, &task(1, Some("e-7"))).await;
    assert_eq!(journal.at_work().await.unwrap(), [account("E-7")]);
    assert_eq!(known(&journal, "employee").await, ["E-7"]);
}

#[tokio::test]
async fn when_a_task_of_an_older_version_was_first_started_is_carried_over() {
    let directory = tempfile::tempdir().unwrap();
    version_2(
        &directory,
        "INSERT INTO task (id, action, slug, state, attempts, since)
             VALUES ('00000000-0000-4000-8000-000000000001', 'create_account', 'employee', 4, 2, 9),
                    ('00000000-0000-4000-8000-000000000002', 'create_account', 'employee', 0, 0, 9);
         INSERT INTO task_step (task, number, at, state, attempts, note)
             VALUES ('00000000-0000-4000-8000-000000000001', 1, 5, 0, 0, ''),
                    ('00000000-0000-4000-8000-000000000001', 2, 6, 1, 1, ''),
                    ('00000000-0000-4000-8000-000000000001', 3, 8, 1, 2, '');",
    );
    let tasks = open(&directory).tasks(vec![task_id(1), task_id(2)]).await.unwrap();
    let started = tasks.iter().map(|task| task.started.map(Timestamp::as_nanosecond)).collect::<Vec<_>>();
    assert_eq!(started, [Some(6), None]);
}

#[tokio::test]
async fn whom_the_open_session_of_version_2_removes_is_carried_over() {
    let directory = tempfile::tempdir().unwrap();
    version_2(
        &directory,
        "INSERT INTO type (slug, baseline, baseline_edges) VALUES ('employee', 3, 0);
         INSERT INTO known (type, id, status, edges) VALUES (1, 'a', 2, x''), (1, 'b', 2, x''), (1, 'c', 2, x'');
         INSERT INTO plan (id, hash, at, reasons) VALUES (1, 'x', 0, '[]');
         INSERT INTO plan_item (plan, type, kind, id, target) VALUES (1, 1, 0, 'b', 0), (1, 1, 1, 'c', 0);
         INSERT INTO session (one, id, state, since, plan)
             VALUES (1, '0b9e6a5c-3f0e-4d53-9b52-0d2f6f1f4a11', 'completing', 0, 'x');",
    );
    let journal = open(&directory);
    journal.settle_completed(NOW).await.unwrap();
    assert_eq!(known(&journal, "employee").await, ["a", "c"]);
    journal.begin_scan(ScanMode::Push).await.unwrap();
    assert_eq!(losses(&journal).await.last_day.removed, 1);
}

/// Everything that version 5 has in place of what version 2 had, for these tables.
const VERSION_5: &str = "
ALTER TABLE task ADD COLUMN email INTEGER;
ALTER TABLE task ADD COLUMN username INTEGER;
CREATE INDEX task_of_email ON task (email) WHERE email IS NOT NULL;
CREATE INDEX task_of_username ON task (username) WHERE username IS NOT NULL;
ALTER TABLE known ADD COLUMN spared INTEGER NOT NULL DEFAULT 0;
ALTER TABLE type ADD COLUMN unpushed INTEGER NOT NULL DEFAULT 0;
ALTER TABLE ordered RENAME COLUMN keep TO gone;
CREATE TABLE leaving (
    type   INTEGER NOT NULL REFERENCES type (id),
    id     TEXT NOT NULL,
    counts INTEGER NOT NULL,
    PRIMARY KEY (type, id)
) STRICT, WITHOUT ROWID;
ALTER TABLE session DROP COLUMN plan;
ALTER TABLE session DROP COLUMN approved;
ALTER TABLE touched ADD COLUMN missed_at INTEGER;
ALTER TABLE type ADD COLUMN coming INTEGER;
ALTER TABLE type ADD COLUMN coming_edges INTEGER;
PRAGMA user_version = 5;
";

/// A journal of version 5 with these entries.
fn version_5(directory: &tempfile::TempDir, entries: &str) {
    old_journal(directory, &[VERSION_1, VERSION_2, VERSION_5, entries]);
}

const REMOVED: &str = r#"{"reason":"removed","slug":"employee","count":2,"allowed":1,"before":3}"#;
const INHERITED: &str = r#"{"reason":"inherited_app","counted":3,"pushed":1}"#;

#[tokio::test]
async fn an_approval_of_version_5_covers_what_its_plan_lists() {
    let directory = tempfile::tempdir().unwrap();
    version_5(
        &directory,
        &format!(
            "INSERT INTO type (slug, baseline, baseline_edges) VALUES ('employee', 3, 0);
             INSERT INTO known (type, id, status, edges) VALUES (1, 'a', 2, x''), (1, 'b', 2, x''), (1, 'c', 2, x'');
             INSERT INTO plan (id, hash, at, reasons) VALUES (1, 'here', 0, '[{REMOVED}]');
             INSERT INTO plan_item (plan, type, kind, id, target) VALUES (1, 1, 0, 'a', 0), (1, 1, 0, 'b', 0);
             INSERT INTO approval (hash, reasons, who, reason, at) VALUES ('here', '[{REMOVED}]', 'ada', 'left', 0);
             INSERT INTO approval (hash, reasons, who, reason, at) VALUES ('gone', '[{REMOVED}]', 'ada', 'left', 0);"
        ),
    );
    let journal = open(&directory);
    let usable: Vec<_> = journal.approvals().await.unwrap();
    assert_eq!(usable.iter().map(|one| one.is_good_at(NOW)).collect::<Vec<_>>(), [false, true], "one without its plan");
    journal.begin_scan(ScanMode::Push).await.unwrap();
    journal.set_absent("employee", vec!["a".to_owned(), "b".to_owned()]).await.unwrap();
    let reasons = [HoldReason::Removed(Excess::new("employee", 2, 1, 3))];
    assert_eq!(journal.covering_approval(&reasons, NOW).await.unwrap(), Some("here".to_owned()));
    journal.set_absent("employee", vec!["c".to_owned()]).await.unwrap();
    assert_eq!(journal.covering_approval(&reasons, NOW).await.unwrap(), None);
}

#[tokio::test]
async fn a_plan_of_version_5_for_an_inherited_app_has_to_be_made_and_approved_again() {
    let directory = tempfile::tempdir().unwrap();
    version_5(
        &directory,
        &format!(
            r#"UPDATE state SET held = '{{"hash":"old","reasons":[{INHERITED}]}}';
             INSERT INTO plan (id, hash, at, reasons) VALUES (1, 'old', 0, '[{INHERITED}]'), (2, 'other', 0, '[{REMOVED}]');
             INSERT INTO approval (hash, reasons, who, reason, at) VALUES ('old', '[{INHERITED}]', 'ada', 'ours', 0);"#
        ),
    );
    let journal = open(&directory);
    assert_eq!(journal.held().await.unwrap(), None, "it names a plan that nobody can approve any more");
    assert!(!journal.approvals().await.unwrap()[0].is_good_at(NOW));
    let unknown = journal.approve(Approval::new("old", "ada", "ours", NOW)).await.unwrap_err();
    assert!(matches!(unknown, ApprovalError::Unknown { .. }), "{unknown}");
    journal.approve(Approval::new("other", "ada", "left", NOW)).await.unwrap();
}

#[tokio::test]
async fn a_hold_of_version_5_stands() {
    let directory = tempfile::tempdir().unwrap();
    version_5(&directory, &format!(r#"UPDATE state SET held = '{{"hash":"x","reasons":[{REMOVED}]}}';"#));
    assert_eq!(open(&directory).held().await.unwrap().map(|hold| hold.hash), Some("x".to_owned()));
}

#[tokio::test]
async fn orders_about_edges_of_version_2_are_void_and_the_others_stand() {
    let directory = tempfile::tempdir().unwrap();
    version_2(
        &directory,
        "INSERT INTO type (slug) VALUES ('employee');
         INSERT INTO ordered (type, id, kind, keep) VALUES (1, 'a', 1, x''), (1, 'a', 2, x'');",
    );
    let journal = open(&directory);
    for (kind, stands) in [(LossKind::Deactivated, true), (LossKind::Edge, false)] {
        let order = Ordered { slug: "employee".into(), id: "a".into(), kind, holds: None };
        assert_eq!(journal.is_ordered(&order).await.unwrap(), stands, "{kind:?}");
    }
}

#[tokio::test]
async fn a_journal_that_was_carried_over_has_the_tables_of_a_new_one() {
    let new = tempfile::tempdir().unwrap();
    drop(open(&new));
    let comments = |table: String| table.lines().filter(|line| !line.trim().starts_with("--")).collect::<String>();
    let tables = |of: &tempfile::TempDir| tables(of).into_iter().map(comments).collect::<Vec<_>>();
    for version in [version_1, version_2, version_5] {
        let old = tempfile::tempdir().unwrap();
        version(&old, "");
        drop(open(&old));
        assert_eq!(tables(&old), tables(&new));
        // And is not carried over again.
        drop(open(&old));
        assert_eq!(tables(&old), tables(&new));
    }
}

#[tokio::test]
async fn a_journal_that_cannot_be_carried_over_stays_as_it_is() {
    let directory = tempfile::tempdir().unwrap();
    version_1(&directory, "INSERT INTO task (id, report) VALUES ('00000000-0000-4000-8000-000000000001', '{');");
    let before = tables(&directory);
    assert!(SqliteJournal::open(directory.path().join("app")).is_err());
    assert_eq!(tables(&directory), before);
}

#[test]
fn several_can_carry_a_journal_over_at_once() {
    let directory = tempfile::tempdir().unwrap();
    version_1(&directory, "INSERT INTO task (id, slug) VALUES ('00000000-0000-4000-8000-000000000001', 'employee');");
    let start = std::sync::Barrier::new(4);
    let look = || {
        start.wait();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(beside(&directory).open_tasks()).unwrap().len()
    };
    std::thread::scope(|scope| {
        let looks: Vec<_> = (0..4).map(|_| scope.spawn(look)).collect();
        assert!(looks.into_iter().all(|look| look.join().unwrap() == 1));
    });
}

#[tokio::test]
async fn a_journal_that_an_older_version_works_on_is_left_to_it() {
    let directory = tempfile::tempdir().unwrap();
    version_1(&directory, "");
    let lock = std::fs::File::create(directory.path().join("app/engine.lock")).unwrap();
    lock.lock().unwrap();
    let refused = SqliteJournal::beside(directory.path().join("app")).unwrap_err();
    assert!(matches!(refused, crate::journal::JournalError::Older { found: 1, .. }), "{refused}");
    drop(lock);
    assert_eq!(SqliteJournal::beside(directory.path().join("app")).unwrap().open_tasks().await.unwrap(), []);
}

#[tokio::test]
async fn a_type_of_version_5_may_hold_records_of_others_if_the_app_was_inherited_and_never_completed() {
    for (state, foreign) in [
        ("origin = 'inherited'", true),
        ("origin = 'inherited', completed_at = 1", false),
        ("origin = 'created'", false),
    ] {
        let directory = tempfile::tempdir().unwrap();
        version_5(
            &directory,
            &format!(
                "UPDATE state SET app = '{APP}', {state}; INSERT INTO type (slug, name) VALUES ('team', 'Teams');"
            ),
        );
        let unread = open(&directory).unread_types(&["employee"]).await.unwrap();
        assert_eq!(
            unread.iter().map(|one| (&*one.slug, one.foreign)).collect::<Vec<_>>(),
            [("team", foreign)],
            "{state}"
        );
    }
}
