//! The tables.

use rusqlite::{Connection, TransactionBehavior};

use super::fault::Result;

/// The format of the journal. A change of the tables, or of what stands in them, raises it.
pub(super) const VERSION: i64 = STEPS.len() as i64;
/// Marks a database as a journal of ours: "IdBr".
pub(super) const APPLICATION: i64 = 0x4964_4272;

/// What makes each version of the one before it; the first one, of an empty database. None of them ever changes: journals
/// that went through it are out there. A new version is a new step.
const STEPS: [&str; 11] = [
    TABLES,
    TASKS,
    NAMES_AND_SPARED,
    ORDERED_EDGES,
    LEAVING,
    APPROVED,
    TYPES_OF_OTHERS,
    LINKS_BY_TARGET,
    POLLING,
    SPELLINGS,
    LOGINS_AND_STARTS,
];

/// What is on disk. Times are nanoseconds since 1970.
const TABLES: &str = "
CREATE TABLE state (
    one          INTEGER PRIMARY KEY CHECK (one = 1),
    app          TEXT,
    origin       TEXT,
    completed_at INTEGER,
    held         TEXT,
    status       TEXT
) STRICT;
INSERT INTO state (one) VALUES (1);

-- Resource types. `baseline`: what the last completed session held, NULL before the first one.
CREATE TABLE type (
    id             INTEGER PRIMARY KEY,
    slug           TEXT NOT NULL UNIQUE,
    name           TEXT,
    baseline       INTEGER,
    baseline_edges INTEGER
) STRICT;

-- Every record that Iden may hold as active. `edges`: keys of the groups and licenses it points to, sorted, eight bytes
-- each. `fingerprint`: NULL until it is confirmed that Iden holds it so. `edge_key`: what edges call a group or license.
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

-- What sessions took away of late, neither ordered nor approved.
CREATE TABLE taken (
    type   INTEGER NOT NULL REFERENCES type (id),
    at     INTEGER NOT NULL,
    kind   INTEGER NOT NULL,
    count  INTEGER NOT NULL
) STRICT;

-- Losses that Iden ordered and that no session has shown yet. `keep`: keys of the edges that are to stay. `since`: the
-- first completion without it.
CREATE TABLE ordered (
    type  INTEGER NOT NULL REFERENCES type (id),
    id    TEXT NOT NULL,
    kind  INTEGER NOT NULL,
    keep  BLOB NOT NULL,
    since INTEGER,
    PRIMARY KEY (type, id, kind)
) STRICT, WITHOUT ROWID;

-- The session that is open. `touched_before`: the last touch before its scan began.
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

-- `target`: the edge key, 0 where it is no edge; and the record that it stands for, where that is known.
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

-- Kept longer than the plans: who let what through. `reasons`: the plan's at that time.
CREATE TABLE approval (
    number  INTEGER PRIMARY KEY AUTOINCREMENT,
    hash    TEXT NOT NULL,
    reasons TEXT NOT NULL,
    who     TEXT NOT NULL,
    reason  TEXT NOT NULL,
    at      INTEGER NOT NULL,
    used_at INTEGER
) STRICT;

-- Tasks that were begun and are not ended. The next version has another table of this name.
CREATE TABLE task (
    id      TEXT PRIMARY KEY,
    slug    TEXT,
    account TEXT,
    report  TEXT
) STRICT, WITHOUT ROWID;

-- Accounts that tasks may have changed. `number` only grows, and tells what came after a scan's beginning.
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
";

/// Tasks, how far each has come, and its history; and which accounts they have made.
///
/// Version 1 knows that a task was begun, and how it ended if it has; not since when. Whoever reads of it must not think that
/// it has waited since 1970, so it is said to be so since it was carried over.
const TASKS: &str = "
ALTER TABLE task RENAME TO begun;

-- Tasks that Iden has listed. `due`: the later of its two times. `outcome`: how it ended, once it has. `since`: when it came
-- to its state.
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

-- Those that were begun and are not settled: started, executed, interrupted, parked.
CREATE VIEW open_task AS SELECT * FROM task WHERE state IN (1, 2, 4, 5);
-- Those that nothing is left to do about: reported, conflict, gone.
CREATE VIEW settled_task AS SELECT * FROM task WHERE state IN (3, 6, 7);

-- The last steps of each task.
CREATE TABLE task_step (
    task     TEXT NOT NULL REFERENCES task (id) ON DELETE CASCADE,
    number   INTEGER NOT NULL,
    at       INTEGER NOT NULL,
    state    INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    note     TEXT NOT NULL,
    PRIMARY KEY (task, number)
) STRICT, WITHOUT ROWID;

-- `made`: by a task, and no scan has seen it since. `misses`: how many scans have looked for it in vain.
ALTER TABLE touched ADD COLUMN made INTEGER NOT NULL DEFAULT 0;
ALTER TABLE touched ADD COLUMN misses INTEGER NOT NULL DEFAULT 0;
-- Those that the source may merely not show yet. After three misses one counts as gone.
CREATE VIEW awaited AS
    SELECT type.slug, touched.type, touched.id FROM touched JOIN type ON type.id = touched.type
    WHERE touched.made AND touched.misses < 3;

INSERT INTO task (id, action, slug, account, state, attempts, outcome, since)
    SELECT id, '', coalesce(slug, ''), account, iif(report IS NULL, 4, 2), 1,
           iif(report IS NULL, NULL, json_object('report', json(report), 'secret', json('false'))),
           unixepoch() * 1000000000
    FROM begun;
INSERT INTO task_step (task, number, at, state, attempts, note)
    SELECT id, 1, since, state, attempts, 'begun by an earlier version' FROM task;
DROP TABLE begun;
";

/// Whom a task names beside the id, since one that is to make an account has no id of it; and which removed records Iden may
/// hold all the same.
const NAMES_AND_SPARED: &str = "
-- `email`, `username`: keys of what names the person, where the task has them.
ALTER TABLE task ADD COLUMN email INTEGER;
ALTER TABLE task ADD COLUMN username INTEGER;
CREATE INDEX task_of_email ON task (email) WHERE email IS NOT NULL;
CREATE INDEX task_of_username ON task (username) WHERE username IS NOT NULL;

-- `spared`: a completed session removed it, and pushed nothing of its type, which Iden may leave alone then (question P12).
ALTER TABLE known ADD COLUMN spared INTEGER NOT NULL DEFAULT 0;
-- `unpushed`: the session that is being completed pushed nothing of it.
ALTER TABLE type ADD COLUMN unpushed INTEGER NOT NULL DEFAULT 0;
";

/// Which edges an order takes away, in place of those that it leaves: what an account gets later was not ordered away.
const ORDERED_EDGES: &str = "
-- `gone`: keys of the edges that are to end. What an older version wrote down would let others pass.
ALTER TABLE ordered RENAME COLUMN keep TO gone;
DELETE FROM ordered WHERE kind = 2;
";

/// What completing the open session makes of the journal, in place of the plan: that does not list whom Iden has ordered away,
/// and not what the session holds.
const LEAVING: &str = "
-- Whom completing the open session removes. `counts`: neither ordered nor approved.
CREATE TABLE leaving (
    type   INTEGER NOT NULL REFERENCES type (id),
    id     TEXT NOT NULL,
    counts INTEGER NOT NULL,
    PRIMARY KEY (type, id)
) STRICT, WITHOUT ROWID;
INSERT INTO leaving (type, id, counts)
    SELECT item.type, item.id, NOT session.approved FROM session
    JOIN plan ON plan.hash = session.plan
    JOIN plan_item AS item ON item.plan = plan.id AND item.kind = 0;
ALTER TABLE session DROP COLUMN plan;
ALTER TABLE session DROP COLUMN approved;

-- When a scan has looked for an account last that counts as a miss. `misses`: -1 where it was made while a scan was open.
ALTER TABLE touched ADD COLUMN missed_at INTEGER;

-- The baseline that completing the open session makes.
ALTER TABLE type ADD COLUMN coming INTEGER;
ALTER TABLE type ADD COLUMN coming_edges INTEGER;
";

/// What each approval covers, in tables of its own: a later plan cannot change it, and each reduction leaves it once.
///
/// An older approval takes what its plan lists. Without that plan nobody knows what was approved. Nor does a plan for an
/// inherited app say which records its run pushed. Both are void: the next sync is held again, under a hash of its own.
const APPROVED: &str = "
-- The records that the run of a plan for an inherited app pushes.
CREATE TABLE plan_pushed (
    plan INTEGER NOT NULL REFERENCES plan (id) ON DELETE CASCADE,
    slug TEXT NOT NULL,
    id   TEXT NOT NULL,
    PRIMARY KEY (plan, slug, id)
) STRICT, WITHOUT ROWID;

-- The reductions that an approval covers and that have not been made yet.
CREATE TABLE approved_item (
    approval INTEGER NOT NULL REFERENCES approval (number) ON DELETE CASCADE,
    type     INTEGER NOT NULL REFERENCES type (id),
    kind     INTEGER NOT NULL,
    id       TEXT NOT NULL,
    target   INTEGER NOT NULL,
    PRIMARY KEY (approval, type, kind, id, target)
) STRICT, WITHOUT ROWID;

-- The records that a sync of an inherited app must push, or the approval does not cover it.
CREATE TABLE approved_pushed (
    approval INTEGER NOT NULL REFERENCES approval (number) ON DELETE CASCADE,
    slug     TEXT NOT NULL,
    id       TEXT NOT NULL,
    PRIMARY KEY (approval, slug, id)
) STRICT, WITHOUT ROWID;

DELETE FROM plan
    WHERE EXISTS (SELECT 1 FROM json_each(plan.reasons) WHERE value ->> 'reason' = 'inherited_app');
UPDATE state SET held = NULL
    WHERE held IS NOT NULL
      AND EXISTS (SELECT 1 FROM json_each(held, '$.reasons') WHERE value ->> 'reason' = 'inherited_app');
UPDATE approval SET used_at = at WHERE used_at IS NULL AND hash NOT IN (SELECT hash FROM plan);
INSERT INTO approved_item (approval, type, kind, id, target)
    SELECT approval.number, item.type, item.kind, item.id, item.target
    FROM approval JOIN plan ON plan.hash = approval.hash JOIN plan_item AS item ON item.plan = plan.id
    WHERE approval.used_at IS NULL;
";

/// What each type is, and whether someone else may have put records into it.
const TYPES_OF_OTHERS: &str = "
-- `kind`: as Iden or the connector named it; NULL if only an older version has seen the type.
ALTER TABLE type ADD COLUMN kind TEXT;
-- `foreign_records`: no completed session has shown yet that it holds nothing but what this journal knows.
ALTER TABLE type ADD COLUMN foreign_records INTEGER NOT NULL DEFAULT 0;
UPDATE type SET foreign_records = 1
    WHERE EXISTS (SELECT 1 FROM state WHERE origin = 'inherited' AND completed_at IS NULL);
";

/// Of which type the links were that ended within a day: those to each type are judged apart.
const LINKS_BY_TARGET: &str = "
-- `target`: the type at the other end of links, 0 where it is not known or nothing is linked.
ALTER TABLE taken ADD COLUMN target INTEGER NOT NULL DEFAULT 0;
";

/// Since when polls for tasks have failed, as JSON.
const POLLING: &str = "ALTER TABLE state ADD COLUMN poll_failure TEXT;";

/// Accounts that a task spells in another way than the known set, and records whose id came back in another spelling.
const SPELLINGS: &str = "
-- `known_as`: the account as the known set spells it, if the task spells it in another way.
ALTER TABLE task ADD COLUMN known_as TEXT;

-- `folded`: a hash of the id without case, blanks around it and differences of normal form. NULL in a row of an older version.
ALTER TABLE touched ADD COLUMN folded INTEGER;
DROP VIEW awaited;
CREATE VIEW awaited AS
    SELECT type.slug, touched.type, touched.id, touched.folded FROM touched JOIN type ON type.id = touched.type
    WHERE touched.made AND touched.misses < 3;

-- Records that the last scan missed while it saw another spelling of their id.
CREATE TABLE respelled (
    type INTEGER NOT NULL REFERENCES type (id),
    id   TEXT NOT NULL,
    PRIMARY KEY (type, id)
) STRICT, WITHOUT ROWID;
";

/// Which logins an account has, since a task may name it by its id only; and when a task was first started.
const LOGINS_AND_STARTS: &str = "
-- `email`, `username`: keys of the account's logins, as they were pushed last or as a task has left them. NULL where it has
-- none, and in the rows of an older version until a sync reads the account.
ALTER TABLE known ADD COLUMN email INTEGER;
ALTER TABLE known ADD COLUMN username INTEGER;

-- `new_email`, `new_username`: keys of the logins that the account is to get. `started`: when its handler was first called.
ALTER TABLE task ADD COLUMN new_email INTEGER;
ALTER TABLE task ADD COLUMN new_username INTEGER;
ALTER TABLE task ADD COLUMN started INTEGER;
UPDATE task SET started = (SELECT min(at) FROM task_step WHERE task_step.task = task.id AND task_step.state = 1);
";

/// What one scan has seen. It is gone with the scan.
///
/// The views stand where they see both databases: what would be lost, and counts.
const SCRATCH: &str = "
-- `status`, `edges`: only where the record is held back; else the known set has them. `fingerprint`: only where it is to be
-- confirmed.
CREATE TABLE scratch.seen (
    type        INTEGER NOT NULL,
    id          TEXT NOT NULL,
    change      INTEGER NOT NULL,
    repeated    INTEGER NOT NULL,
    edge_count  INTEGER NOT NULL,
    dangling    INTEGER NOT NULL,
    held        INTEGER,
    status      INTEGER,
    edges       BLOB,
    fingerprint INTEGER,
    PRIMARY KEY (type, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX scratch.seen_and_held ON seen (type, id) WHERE held IS NOT NULL;

-- The first id of each folded one.
CREATE TABLE scratch.twin (
    type   INTEGER NOT NULL,
    folded INTEGER NOT NULL,
    id     TEXT NOT NULL,
    PRIMARY KEY (type, folded)
) STRICT, WITHOUT ROWID;

-- Accounts that were read again since this touch.
CREATE TABLE scratch.read_again (
    type   INTEGER NOT NULL,
    id     TEXT NOT NULL,
    number INTEGER NOT NULL,
    PRIMARY KEY (type, id)
) STRICT, WITHOUT ROWID;

-- Groups and licenses that were seen.
CREATE TABLE scratch.target (
    edge_key INTEGER PRIMARY KEY,
    type     INTEGER NOT NULL,
    id       TEXT NOT NULL
) STRICT;

-- Ids that were not seen, and what is known of them: 'unreadable', 'rejected', 'absent'. `looked_up`: when a look-up found
-- it absent, in nanoseconds of the engine's clock; NULL if two reads agree, or one of a snapshot. `folded`: of the absent.
CREATE TABLE scratch.unseen (
    type         INTEGER NOT NULL,
    id           TEXT NOT NULL,
    why          TEXT NOT NULL,
    known_before INTEGER NOT NULL,
    looked_up    INTEGER,
    folded       INTEGER,
    PRIMARY KEY (type, id)
) STRICT, WITHOUT ROWID;

-- Reductions of records that were seen. `counts`: the guard judges it.
CREATE TABLE scratch.reduction (
    type    INTEGER NOT NULL,
    kind    INTEGER NOT NULL,
    id      TEXT NOT NULL,
    target  INTEGER NOT NULL,
    counts  INTEGER NOT NULL,
    ordered INTEGER NOT NULL,
    PRIMARY KEY (type, kind, id, target)
) STRICT, WITHOUT ROWID;

-- Reductions of this scan that an approval covered, and that it covers no more since they were pushed or completed.
CREATE TABLE scratch.struck (
    type   INTEGER NOT NULL,
    kind   INTEGER NOT NULL,
    id     TEXT NOT NULL,
    target INTEGER NOT NULL,
    PRIMARY KEY (type, kind, id, target)
) STRICT, WITHOUT ROWID;

-- Who was spared was removed once already, by an order or a leave of its own.
CREATE TEMP VIEW removal AS
    SELECT type, id, folded FROM scratch.unseen
    WHERE why = 'absent'
      AND NOT EXISTS (SELECT 1 FROM main.known
                      WHERE known.type = unseen.type AND known.id = unseen.id AND known.spared)
      AND NOT EXISTS (SELECT 1 FROM main.ordered
                      WHERE ordered.type = unseen.type AND ordered.id = unseen.id AND ordered.kind = 0);
-- Whose id was seen in another spelling, and that one is new: in this scan, or since a scan that nobody has approved. Two that
-- were there side by side are two.
CREATE TEMP VIEW respelling AS
    SELECT removal.type, removal.id, twin.id AS now
    FROM removal
    JOIN scratch.twin ON twin.type = removal.type AND twin.folded = removal.folded
    JOIN scratch.seen ON seen.type = twin.type AND seen.id = twin.id
    WHERE seen.change <> 2
       OR EXISTS (SELECT 1 FROM main.respelled WHERE respelled.type = removal.type AND respelled.id = removal.id);
CREATE TEMP VIEW loss AS
    SELECT type, kind, id, target FROM scratch.reduction WHERE counts AND NOT ordered;
CREATE TEMP VIEW item AS
    SELECT type, 0 AS kind, id, 0 AS target FROM removal
    UNION ALL
    SELECT type, kind, id, target FROM loss;
";

/// Makes the tables of a new journal, and brings an older one to this version. Two processes may try at once.
pub(super) fn create(connection: &mut Connection) -> Result<()> {
    // Without the write lock: a command that only reads must not wait for an engine that writes.
    let found: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    if found == VERSION {
        return Ok(());
    }
    let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let found: i64 = tx.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let made = usize::try_from(found).unwrap_or(0);
    for step in STEPS.iter().skip(made) {
        tx.execute_batch(step)?;
    }
    if made < STEPS.len() {
        tx.execute_batch(&format!("PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {VERSION};"))?;
    }
    Ok(tx.commit()?)
}

/// Removes all that a scan has seen.
pub(super) fn empty_scratch(connection: &Connection) -> Result<()> {
    for table in ["seen", "twin", "read_again", "target", "unseen", "reduction", "struck"] {
        connection.prepare_cached(&format!("DELETE FROM scratch.{table}"))?.execute([])?;
    }
    Ok(())
}

/// Removes all that stands in the tables of a journal.
pub(super) fn empty(connection: &mut Connection) -> Result<()> {
    let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    tx.execute_batch("PRAGMA defer_foreign_keys = ON")?;
    let mut tables = tx.prepare_cached("SELECT name FROM sqlite_schema WHERE type = 'table'")?;
    for table in tables.query_map([], |row| row.get::<_, String>(0))? {
        tx.prepare_cached(&format!("DELETE FROM main.{}", table?))?.execute([])?;
    }
    drop(tables);
    tx.prepare_cached("INSERT INTO state (one) VALUES (1)")?.execute([])?;
    Ok(tx.commit()?)
}

/// Makes the tables of a scan in the database that was attached as `scratch`.
pub(super) fn create_scratch(connection: &Connection) -> Result<()> {
    // Nothing of it is ever read again after a crash.
    connection.execute_batch(
        "PRAGMA scratch.journal_mode = OFF;
         PRAGMA scratch.synchronous = OFF;
         PRAGMA scratch.locking_mode = EXCLUSIVE;
         PRAGMA scratch.cache_size = -2048;",
    )?;
    Ok(connection.execute_batch(SCRATCH)?)
}
