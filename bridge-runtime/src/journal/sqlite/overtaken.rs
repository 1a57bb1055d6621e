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
               AND (action = 'delete_account' OR (action = 'suspend_account' AND ?11 <> 'delete_account'))
               AND state IN (?6, ?7) AND outcome ->> '$.report.status' = 'completed'
               AND (coalesce(due, ?8), coalesce(created, ?8)) > (?9, ?10)
             ORDER BY due DESC, created DESC, id DESC LIMIT 1",
        )?;
        let time = |time: Option<Timestamp>| time.map_or(i64::MIN, |time| At(time).nanoseconds());
        let (due, created) = (time(task.due), time(task.created));
        let (executed, reported) = (TaskState::Executed, TaskState::Reported);
        let (id, [email, username]) = (task.id.to_string(), logins);
        let of =
            (&task.slug, &task.account, email, username, id, executed, reported, i64::MIN, due, created, &task.action);
        later.query_row(of, |row| row.get(0)).optional()?.map(from_word).transpose()
    }
}
