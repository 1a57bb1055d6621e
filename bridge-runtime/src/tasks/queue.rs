//! Which tasks are pending, and in which order they are carried out.

use std::collections::HashSet;

use bridge_core::wire::{AppId, Task, TaskEntry, TaskId};
use jiff::Timestamp;

use super::error::RoundError;
use crate::client::Client;

/// How many tasks are asked for at a time.
const PAGE: u64 = 100;
/// How many pending tasks one round holds: an id and two stamps each.
const MOST: usize = 100_000;

/// The pending tasks of one round.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    /// In the order in which they are carried out.
    pub(crate) tasks: Vec<Pending>,
    /// Those that cannot be read but have an id to report on.
    pub(crate) unreadable: Vec<(TaskId, String)>,
}

/// A pending task, without its payload: that is fetched when its turn comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Pending {
    // Compared in this order: `max(created_at, execute_after)`, then `created_at`, then `id` (protocol.md section 6).
    due: Option<Timestamp>,
    created: Option<Timestamp>,
    pub(crate) id: TaskId,
}

impl Pending {
    fn of(task: &Task) -> Self {
        Pending { due: task.created_at.max(task.execute_after), created: task.created_at, id: task.id }
    }
}

impl Queue {
    pub(crate) fn ids(&self) -> HashSet<TaskId> {
        let unreadable = self.unreadable.iter().map(|(id, _)| *id);
        self.tasks.iter().map(|pending| pending.id).chain(unreadable).collect()
    }

    /// Walks all pages, before any task is carried out: a task that is done leaves the list, and the ones behind it move
    /// up under the reader. Walks again until a walk finds nothing new.
    pub(crate) async fn read(client: &Client, app: AppId) -> Result<Self, RoundError> {
        let (mut queue, mut seen) = (Queue::default(), HashSet::new());
        while queue.walk(client, app, &mut seen).await? {}
        queue.tasks.sort_unstable();
        Ok(queue)
    }

    /// One walk. Whether another one is due: it found something new, and there was more than one page to slip between.
    async fn walk(&mut self, client: &Client, app: AppId, seen: &mut HashSet<TaskId>) -> Result<bool, RoundError> {
        let (mut offset, mut found, mut walked) = (0, false, HashSet::new());
        loop {
            let page = client.pending_tasks(app, PAGE, offset).await?;
            let length = page.results.len() as u64;
            let before = walked.len();
            for entry in page.results {
                walked.extend(id_of(&entry));
                found |= self.take(entry, seen);
            }
            if seen.len() > MOST {
                return Err(RoundError::TooMany { most: MOST });
            }
            offset += length;
            // `count` and `next` may be missing or odd; a page that brings nothing new is the end in any case.
            let more = offset < page.count || page.next.is_some();
            if walked.len() == before || !more {
                return Ok(found && offset > PAGE);
            }
        }
    }

    fn take(&mut self, entry: TaskEntry, seen: &mut HashSet<TaskId>) -> bool {
        match entry {
            TaskEntry::Readable(task) => {
                let new = seen.insert(task.id);
                if new {
                    self.tasks.push(Pending::of(&task));
                }
                new
            }
            TaskEntry::Unreadable { id: Some(id), why } => {
                let new = seen.insert(id);
                if new {
                    self.unreadable.push((id, why));
                }
                new
            }
            TaskEntry::Unreadable { id: None, why } => {
                tracing::error!(why, "Iden lists a task without a readable id; it cannot be reported on");
                false
            }
        }
    }
}

fn id_of(entry: &TaskEntry) -> Option<TaskId> {
    match entry {
        TaskEntry::Readable(task) => Some(task.id),
        TaskEntry::Unreadable { id, .. } => *id,
    }
}
