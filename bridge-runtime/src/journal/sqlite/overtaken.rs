//! What a task means for another one, and for a sync.

use std::ops::Range;

use bridge_core::wire::TaskId;
use jiff::Timestamp;
use rusqlite::OptionalExtension;

use super::{
    fault::Result,
    store::Store,
    values::{At, from_word},
};
use crate::journal::{SeenTask, TaskState};

impl Store {
    pub(super) fn overtaken_by(&mut self, task: &SeenTask) -> Result<Option<TaskId>> {
        // Made after a deletion, a task can be about somebody else who was given the address since.
        let logins = task.created.map_or([None; 2], |_| task.logins);
        // A time that is missing comes before all others. Of several the last one: it is what holds now.
        let mut later = self.reading()?.prepare_cached(
            "SELECT id FROM task
             WHERE slug = ?1
               AND (account = ?2
                    OR (email = ?3 AND (account IS NULL OR ?2 IS NULL))
                    OR (username = ?4 AND (account IS NULL OR ?2 IS NULL)))
               AND id <> ?5
               AND (action = 'delete_account' OR (action = 'suspend_account' AND ?9 <> 'delete_account'))
               -- Also of one that Iden has no more. Where it shows another end than ours, somebody has decided.
               AND state <> ?10 AND outcome ->> '$.report.status' = 'completed'
               AND (coalesce(due, ?6), coalesce(created, ?6)) > (?7, ?8)
             ORDER BY due DESC, created DESC, id DESC LIMIT 1",
        )?;
        let time = |time: Option<Timestamp>| time.map_or(i64::MIN, |time| At(time).nanoseconds());
        let (due, created) = (time(task.due), time(task.created));
        let (id, [email, username]) = (task.id.to_string(), logins);
        let of =
            (&task.slug, &task.account, email, username, id, i64::MIN, due, created, &task.action, TaskState::Conflict);
        later.query_row(of, |row| row.get(0)).optional()?.map(from_word).transpose()
    }

    pub(super) fn unclear_creation(&mut self, within: &Range<Timestamp>) -> Result<Option<TaskId>> {
        use TaskState::{Conflict, Gone, Interrupted, Parked, Started};
        let (connection, _) = self.scanned()?;
        let mut unclear = connection.prepare_cached(
            "SELECT task.id FROM task JOIN type ON type.slug = task.slug
             WHERE action = 'create_account' AND since BETWEEN ?1 AND ?2
               AND (state IN (?3, ?4, ?5)
                    OR (state IN (?6, ?7) AND attempts > 0 AND outcome IS NULL)
                    OR outcome ->> '$.report.error.code' = 'outcome_unknown')
               AND EXISTS (SELECT 1 FROM scratch.unseen WHERE unseen.type = type.id AND why = 'absent')
             ORDER BY since LIMIT 1",
        )?;
        let states = (Started, Interrupted, Parked, Conflict, Gone);
        let of = (At(within.start), At(within.end), states.0, states.1, states.2, states.3, states.4);
        unclear.query_row(of, |row| row.get(0)).optional()?.map(from_word).transpose()
    }
}
