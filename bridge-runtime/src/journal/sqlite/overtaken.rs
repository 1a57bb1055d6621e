//! What has overtaken a task.

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
}
