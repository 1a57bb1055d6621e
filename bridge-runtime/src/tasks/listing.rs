//! What is pending at Iden.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use bridge_core::wire::{AppId, Task, TaskEntry, TaskId, TaskStatus};

use super::{
    error::RoundError,
    pending::{Pending, seen},
    subject::Subject,
};
use crate::{
    client::{Client, ErrorKind},
    clock::Clock,
    journal::{Journal, KnownTask, SeenTask, TaskState},
};

/// How many tasks are asked for at a time.
const PAGE: u64 = 100;
/// How many pending tasks are held. Each takes about 600 bytes.
const MOST: usize = 100_000;
/// How often the list is walked at most. What a walk has missed is found by the next poll.
const WALKS: usize = 8;

/// The pending tasks, as a poll found them.
#[derive(Debug)]
pub(super) struct Listing {
    /// When the poll began.
    pub(super) began: Duration,
    pub(super) tasks: HashMap<TaskId, (Pending, Subject)>,
    /// Those that were begun here, and are not listed.
    pub(super) unlisted: Vec<(KnownTask, Fate)>,
}

/// What became of a task that is not listed.
#[derive(Debug)]
pub(super) enum Fate {
    /// It is over here, and only to be reported.
    Ours,
    /// Somebody else has settled it.
    Settled(TaskStatus),
    /// Iden has it no more.
    Absent,
    /// It is pending all the same: a list can lag.
    Pending(Box<Task>),
}

impl Listing {
    /// Walks all pages, before any of these tasks is carried out: a task that is done leaves the list, and the ones behind
    /// it move up under the reader. Walks again until a walk finds nothing new. Every task is in the journal then.
    pub(super) async fn read(
        client: &Client,
        app: AppId,
        journal: &dyn Journal,
        clock: &dyn Clock,
    ) -> Result<Self, RoundError> {
        let mut listing = Listing { began: clock.now(), tasks: HashMap::new(), unlisted: Vec::new() };
        for _ in 0..WALKS {
            if !listing.walk(client, app, journal, clock).await? {
                break;
            }
        }
        listing.ask_for_unlisted(client, app, journal).await?;
        Ok(listing)
    }

    /// A task that is not listed is not settled for that: a list can lag, and a task can be put off. So it is asked for.
    async fn ask_for_unlisted(&mut self, client: &Client, app: AppId, journal: &dyn Journal) -> Result<(), RoundError> {
        for known in journal.open_tasks().await? {
            if self.tasks.contains_key(&known.seen.id) {
                continue;
            }
            let fate = match known.state {
                TaskState::Executed => Fate::Ours,
                _ => match client.task(app, known.seen.id).await {
                    Ok(task) if task.status.is_terminal() => Fate::Settled(task.status),
                    Ok(task) if task.status == TaskStatus::Pending => Fate::Pending(Box::new(task)),
                    Err(error) if error.says_absent() => Fate::Absent,
                    _ => continue,
                },
            };
            self.unlisted.push((known, fate));
        }
        Ok(())
    }

    /// One walk. Whether another one is due: it found something new, and there was more than one page to slip between.
    async fn walk(
        &mut self,
        client: &Client,
        app: AppId,
        journal: &dyn Journal,
        clock: &dyn Clock,
    ) -> Result<bool, RoundError> {
        let (mut offset, mut pages, mut found, mut walked, mut count) = (0, 0, false, HashSet::new(), None);
        let mut limit = PAGE;
        loop {
            let page = match client.pending_tasks(app, limit, offset).await {
                Ok(page) => page,
                // Payloads can be long. Smaller pages, then; and one that is too long by itself is passed over.
                Err(error) if matches!(error.kind(), ErrorKind::TooLarge) => {
                    if limit == 1 {
                        tracing::error!(offset, error = %error, "a task in Iden's list cannot be read; the others go on");
                        offset += 1;
                    }
                    limit = (limit / 2).max(1);
                    continue;
                }
                Err(error) => return Err(error.into()),
            };
            pages += 1;
            let length = page.results.len() as u64;
            let (mut seen, before) = (Vec::new(), walked.len());
            for entry in page.results {
                walked.extend(id_of(&entry));
                seen.extend(self.take(entry));
            }
            found |= !seen.is_empty();
            if !seen.is_empty() {
                journal.see_tasks(seen, clock.wall()).await?;
            }
            if self.tasks.len() > MOST {
                return Err(RoundError::TooMany { most: MOST });
            }
            // As many as have left the list since the last page have made those behind them move up.
            let moved = count.map_or(0, |count: u64| count.saturating_sub(page.count)).min(length);
            count = Some(page.count);
            offset += length - moved;
            // `count` and `next` may be missing or odd; a page that brings nothing new is the end in any case.
            let more = offset < page.count || page.next.is_some();
            let stuck = walked.len() == before && moved == 0;
            if stuck || !more {
                return Ok(found && pages > 1);
            }
        }
    }

    /// Takes in a task of a page. What the journal is to know of it, if it is new here.
    fn take(&mut self, entry: TaskEntry) -> Option<SeenTask> {
        let (pending, seen) = match entry {
            TaskEntry::Readable(task) => ((Pending::of(&task), Subject::of(&task)), seen(&task)),
            TaskEntry::Unreadable { id: Some(id), why } => {
                let (action, slug) = Default::default();
                let seen = SeenTask { id, action, slug, account: None, due: None, created: None };
                ((Pending::unreadable(id, why), Subject::default()), seen)
            }
            TaskEntry::Unreadable { id: None, why } => {
                tracing::error!(why, "Iden lists a task without a readable id; it cannot be reported on");
                return None;
            }
        };
        let is_new = !self.tasks.contains_key(&seen.id);
        if is_new {
            self.tasks.insert(seen.id, pending);
        }
        is_new.then_some(seen)
    }
}

fn id_of(entry: &TaskEntry) -> Option<TaskId> {
    match entry {
        TaskEntry::Readable(task) => Some(task.id),
        TaskEntry::Unreadable { id, .. } => *id,
    }
}
