//! The history of tasks.

use bridge_core::wire::{TaskId, text::printable};
use rusqlite::{Connection, OptionalExtension, Transaction};

use super::{
    fault::{Fault, Result},
    store::Store,
    values::At,
};
use crate::journal::{TaskState, TaskStep};

/// How many steps of a task are kept.
const KEPT: i64 = 64;
/// How long a note may be, in characters. What a system says when it fails can be a whole page.
const NOTE: usize = 500;

impl Store {
    pub(super) fn task_steps(&mut self, task: TaskId) -> Result<Vec<TaskStep>> {
        let mut steps = self
            .reading()?
            .prepare_cached("SELECT at, state, attempts, note FROM task_step WHERE task = ?1 ORDER BY number")?;
        let steps = steps.query_map([task.to_string()], |row| {
            let At(at) = row.get(0)?;
            Ok(TaskStep::new(at, row.get(1)?, row.get(2)?, row.get::<_, String>(3)?))
        })?;
        Ok(steps.collect::<rusqlite::Result<_>>()?)
    }
}

/// Adds a step to the history of a task. The last one once more only has its time changed: a report that is refused at every
/// round must not fill the table.
pub(super) fn add(tx: &Transaction<'_>, task: &str, step: &TaskStep) -> Result<()> {
    let note = printable(&step.note, NOTE);
    let number = match last(tx, task)? {
        Some((number, state, attempts, said)) if (state, attempts, &said) == (step.state, step.attempts, &note) => {
            let mut again = tx.prepare_cached("UPDATE task_step SET at = ?3 WHERE task = ?1 AND number = ?2")?;
            again.execute((task, number, At(step.at)))?;
            return Ok(());
        }
        Some((number, ..)) => {
            number.checked_add(1).ok_or_else(|| Fault::other("the last step of the task has no number after it"))?
        }
        None => 1,
    };
    let mut add = tx.prepare_cached(
        "INSERT INTO task_step (task, number, at, state, attempts, note) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    add.execute((task, number, At(step.at), step.state, step.attempts, note))?;
    if number > KEPT {
        let mut forget = tx.prepare_cached("DELETE FROM task_step WHERE task = ?1 AND number <= ?2")?;
        forget.execute((task, number - KEPT))?;
    }
    Ok(())
}

/// The last step: its number, state, attempts and note.
fn last(connection: &Connection, task: &str) -> Result<Option<(i64, TaskState, u32, String)>> {
    let mut last = connection.prepare_cached(
        "SELECT number, state, attempts, note FROM task_step WHERE task = ?1 ORDER BY number DESC LIMIT 1",
    )?;
    let last = last.query_row([task], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)));
    Ok(last.optional()?)
}
