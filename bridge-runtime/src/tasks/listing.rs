//! What is pending at Iden.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use async_trait::async_trait;
use bridge_core::wire::{AppId, Task, TaskEntry, TaskId, TaskStatus};

use super::{
    error::RoundError,
    pending::{self, Pending},
    subject::Subject,
};
use crate::{
    client::{Client, ErrorKind},
    clock::Clock,
    journal::{Journal, KnownTask, SeenTask, TaskState},
    planted::Bug,
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
    /// What is pending, and what became of the tasks that were begun here and are not listed. Every task is in the journal
    /// then.
    pub(super) async fn read(
        client: &Client,
        app: AppId,
        journal: &dyn Journal,
        clock: &dyn Clock,
    ) -> Result<Self, RoundError> {
        let mut listing = Listing::walk_all(client, app, clock, &mut Clerk { journal, clock }).await?;
        listing.ask_for_unlisted(client, app, journal).await?;
        Ok(listing)
    }

    /// Walks all pages, before any of these tasks is carried out: a task that is done leaves the list, and the ones behind
    /// it move up under the reader. Walks again until a walk finds nothing new.
    pub(super) async fn walk_all(
        client: &Client,
        app: AppId,
        clock: &dyn Clock,
        onlooker: &mut dyn Onlooker,
    ) -> Result<Self, RoundError> {
        let mut listing = Listing { began: clock.now(), tasks: HashMap::new(), unlisted: Vec::new() };
        for _ in 0..WALKS {
            if !listing.walk(client, app, onlooker).await? {
                break;
            }
        }
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
    async fn walk(&mut self, client: &Client, app: AppId, onlooker: &mut dyn Onlooker) -> Result<bool, RoundError> {
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
            let (mut new, before) = (Vec::new(), walked.len());
            for entry in page.results {
                walked.extend(id_of(&entry));
                if self.take(&entry) {
                    new.push(entry);
                }
            }
            found |= !new.is_empty();
            if !new.is_empty() {
                onlooker.see(new).await?;
            }
            if self.tasks.len() > MOST {
                return Err(RoundError::TooMany { most: MOST });
            }
            // As many as have left the list since the last page have made those behind them move up.
            let moved = count.map_or(0, |count: u64| count.saturating_sub(page.count)).min(length);
            count = Some(page.count);
            let skips = Bug::TaskPageIsSkipped.is_planted();
            offset += if skips { limit } else { length - moved };
            // `count` and `next` may be missing or odd; a page that brings nothing new is the end in any case.
            let more = offset < page.count || page.next.is_some();
            let stuck = walked.len() == before && moved == 0;
            if stuck || !more {
                return Ok(found && pages > 1);
            }
        }
    }

    /// Takes in a task of a page. Whether it is new.
    fn take(&mut self, entry: &TaskEntry) -> bool {
        let (pending, subject) = match entry {
            TaskEntry::Readable(task) => (Pending::of(task), Subject::of(task)),
            TaskEntry::Unreadable { id: Some(id), why } => (Pending::unreadable(*id, why.clone()), Subject::default()),
            TaskEntry::Unreadable { id: None, why } => {
                tracing::error!(why, "Iden lists a task without a readable id; it cannot be reported on");
                return false;
            }
        };
        let id = pending.id();
        let is_new = !self.tasks.contains_key(&id);
        if is_new {
            self.tasks.insert(id, (pending, subject));
        }
        is_new
    }
}

/// Looks on while the list is walked.
#[async_trait]
pub(super) trait Onlooker: Send {
    /// The tasks of a page that no page before has shown.
    async fn see(&mut self, new: Vec<TaskEntry>) -> Result<(), RoundError>;
}

/// Has the journal know every task.
struct Clerk<'a> {
    journal: &'a dyn Journal,
    clock: &'a dyn Clock,
}

#[async_trait]
impl Onlooker for Clerk<'_> {
    async fn see(&mut self, new: Vec<TaskEntry>) -> Result<(), RoundError> {
        let seen = new.iter().filter_map(seen).collect();
        Ok(self.journal.see_tasks(seen, self.clock.wall()).await?)
    }
}

/// What the journal is to know of a listed task.
pub(super) fn seen(entry: &TaskEntry) -> Option<SeenTask> {
    match entry {
        TaskEntry::Readable(task) => Some(pending::seen(task)),
        TaskEntry::Unreadable { id, .. } => {
            let (action, slug) = Default::default();
            Some(SeenTask { id: (*id)?, action, slug, account: None, logins: [None; 2], due: None, created: None })
        }
    }
}

fn id_of(entry: &TaskEntry) -> Option<TaskId> {
    match entry {
        TaskEntry::Readable(task) => Some(task.id),
        TaskEntry::Unreadable { id, .. } => *id,
    }
}
