//! Creations of which nobody knows what they made.

use std::ops::Range;

use bridge_core::wire::TaskId;
use jiff::Timestamp;
use rusqlite::OptionalExtension;

use super::{
    fault::Result,
    store::Store,
    values::{At, from_word},
};
use crate::journal::TaskState;

impl Store {
    pub(super) fn unclear_creation(&mut self, within: &Range<Timestamp>) -> Result<Option<TaskId>> {
        use TaskState::{Conflict, Gone, Interrupted, Parked, Seen, Started};
        let (connection, _) = self.scanned()?;
        let mut unclear = connection.prepare_cached(
            "SELECT task.id FROM task JOIN type ON type.slug = task.slug
             WHERE action = 'create_account' AND since BETWEEN ?1 AND ?2
               AND (state IN (?3, ?4, ?5)
                    OR (state IN (?6, ?7) AND outcome IS NULL
                        AND EXISTS (SELECT 1 FROM task_step WHERE task_step.task = task.id AND task_step.state = ?3))
                    OR outcome ->> '$.report.error.code' = 'outcome_unknown'
                    -- An attempt before its last one may have made it, unless `verify` or a person has said since that it did not.
                    OR (outcome ->> '$.report.status' = 'failed'
                        AND EXISTS (SELECT 1 FROM task_step AS cut
                                    WHERE cut.task = task.id AND cut.state = ?4
                                      AND NOT EXISTS (SELECT 1 FROM task_step AS denied
                                                      WHERE denied.task = cut.task AND denied.number > cut.number
                                                        AND denied.state = ?8))))
               AND EXISTS (SELECT 1 FROM scratch.unseen WHERE unseen.type = type.id AND why = 'absent')
             ORDER BY since LIMIT 1",
        )?;
        let states = (Started, Interrupted, Parked, Conflict, Gone);
        let of = (At(within.start), At(within.end), states.0, states.1, states.2, states.3, states.4, Seen);
        unclear.query_row(of, |row| row.get(0)).optional()?.map(from_word).transpose()
    }
}
