//! What is pending at Iden.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use async_trait::async_trait;
use bridge_core::wire::{AppId, Task, TaskEntry, TaskId, TaskStatus};

use super::{
    error::RoundError,
    page_size::PageSize,
    pending,
    place::{PageRead, Place},
    turn::is_everybodys,
};
use crate::{
    client::{Client, ErrorKind},
    clock::Clock,
    journal::{Journal, KnownTask, SeenTask, TaskState},
    planted::Bug,
};

/// A list that is longer has no end. Of each task 16 bytes are held; everything else is in the journal.
const MOST: usize = 1_000_000;
/// How often the list is walked at most. What a walk has missed is found by the next poll.
const WALKS: usize = 8;
/// After this many tasks in a row that cannot be read, no more are asked for one by one.
const IN_VAIN: usize = 20;
/// So many pages on end that are too large are no list.
const TOO_LARGE: usize = 100;

/// The pending tasks, as a poll found them.
#[derive(Debug)]
pub(super) struct Listing {
    /// When the poll began.
    pub(super) began: Duration,
    pub(super) tasks: HashSet<TaskId>,
    /// Tasks that neither the list nor the task itself shows in a readable form, and why.
    pub(super) unreadable: HashMap<TaskId, String>,
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

    /// Why no task can be read, if that is so: Iden has probably changed its form, and no task may be failed for it. One task
    /// that is listed alone counts as all. It keeps nobody waiting, and is refused as soon as another one can be read.
    pub(super) fn changed_form(&self) -> Option<&str> {
        let is_changed = self.tasks.is_empty() && !Bug::ChangedServerFailsTasks.is_planted();
        self.unreadable.values().next().map(String::as_str).filter(|_| is_changed)
    }

    /// Walks all pages, before any of these tasks is carried out: a task that is done leaves the list, and the ones behind
    /// it move up under the reader. Walks again until a walk finds nothing new, and no list that has grown meanwhile.
    pub(super) async fn walk_all(
        client: &Client,
        app: AppId,
        clock: &dyn Clock,
        onlooker: &mut dyn Onlooker,
    ) -> Result<Self, RoundError> {
        let mut listing =
            Listing { began: clock.now(), tasks: HashSet::new(), unreadable: HashMap::new(), unlisted: Vec::new() };
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
            if self.tasks.contains(&known.seen.id) {
                continue;
            }
            let fate = match known.state {
                TaskState::Executed => Fate::Ours,
                _ => match client.task(app, known.seen.id).await {
                    Ok(task) if pending::is_over(&task.status) => Fate::Settled(task.status),
                    Ok(task) if task.status == TaskStatus::Pending => Fate::Pending(Box::new(task)),
                    Err(error) if error.says_absent() => Fate::Absent,
                    _ => continue,
                },
            };
            self.unlisted.push((known, fate));
        }
        Ok(())
    }

    /// One walk. Whether another one is due: it found something new, or the list has grown, and there was more than one page to
    /// slip between.
    async fn walk(&mut self, client: &Client, app: AppId, onlooker: &mut dyn Onlooker) -> Result<bool, RoundError> {
        let (mut place, mut pages, mut found, mut walked) = (Place::default(), 0, false, HashSet::new());
        let (mut size, mut too_large) = (PageSize::default(), 0);
        loop {
            let page = match client.pending_tasks(app, size.limit(), place.offset).await {
                Ok(page) => page,
                // Payloads can be long. Ask for smaller pages, and pass over a task that is too long by itself.
                Err(error) if matches!(error.kind(), ErrorKind::TooLarge) => {
                    too_large += 1;
                    if too_large > TOO_LARGE {
                        return Err(error.into());
                    }
                    if size.shrink() {
                        tracing::error!(offset = place.offset, error = %error, "skipping a task that is too large to read");
                        place.pass_over();
                    }
                    continue;
                }
                Err(error) => return Err(error.into()),
            };
            (pages, too_large) = (pages + 1, 0);
            size.grow();
            let (count, has_next, length) = (page.count, page.next.is_some(), page.results.len() as u64);
            let (mut new, walked_before) = (Vec::new(), walked.len());
            for entry in page.results {
                walked.extend(id_of(&entry));
                let entry = self.resolve(client, app, entry).await?;
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
            let brought = (walked.len() - walked_before) as u64;
            if !place.advance(PageRead { count, has_next, length, brought }) {
                return Ok((found || place.has_grown()) && pages > 1);
            }
        }
    }

    /// Asks for a task that the list does not show in a readable form. The detail decides what it is.
    async fn resolve(&self, client: &Client, app: AppId, entry: TaskEntry) -> Result<TaskEntry, RoundError> {
        let TaskEntry::Unreadable { id: Some(id), why } = entry else { return Ok(entry) };
        // Many in a row, and none readable: the server has changed, and the details of the others would not help.
        let in_vain = self.tasks.is_empty() && self.unreadable.len() >= IN_VAIN;
        if self.tasks.contains(&id) || self.unreadable.contains_key(&id) || in_vain {
            return Ok(TaskEntry::Unreadable { id: Some(id), why });
        }
        tracing::warn!(bridge.task_id = %id, why, "the list shows a task in an unknown form; asking for the task itself");
        match client.task(app, id).await {
            Ok(task) => Ok(TaskEntry::Readable(task)),
            Err(error) if is_everybodys(&error) => Err(error.into()),
            Err(error) if matches!(error.kind(), ErrorKind::Unreadable { .. }) => {
                Ok(TaskEntry::Unreadable { id: Some(id), why })
            }
            // What it looks like is not known. The next poll asks again.
            Err(error) => {
                let why = format!("{why}, and the task itself is not shown: {error}");
                Ok(TaskEntry::Unreadable { id: None, why })
            }
        }
    }

    /// Takes in a task of a page. Whether it is new.
    fn take(&mut self, entry: &TaskEntry) -> bool {
        match entry {
            // A server that does not filter.
            TaskEntry::Readable(task) if !may_run(&task.status) => false,
            TaskEntry::Readable(task) => {
                self.unreadable.remove(&task.id);
                self.tasks.insert(task.id)
            }
            TaskEntry::Unreadable { id: Some(id), why } => self.unreadable.insert(*id, why.clone()).is_none(),
            TaskEntry::Unreadable { id: None, why } => {
                tracing::error!(why, "Iden lists a task that cannot be read; it cannot be reported on");
                false
            }
        }
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
        for task in new.iter().filter_map(|entry| if let TaskEntry::Readable(task) = entry { Some(task) } else { None })
        {
            if let Some(why) = task.oddity() {
                tracing::warn!(bridge.task_id = %task.id, %why, "a time of this task is not as documented");
            }
        }
        let readable = new.iter().filter(|entry| matches!(entry, TaskEntry::Readable(_)));
        let seen = readable.filter_map(seen).collect();
        Ok(self.journal.see_tasks(seen, self.clock.wall()).await?)
    }
}

fn may_run(status: &TaskStatus) -> bool {
    *status == TaskStatus::Pending || (*status == TaskStatus::Scheduled && Bug::ScheduledIsPickedUp.is_planted())
}

/// What the journal is to know of a listed task.
pub(super) fn seen(entry: &TaskEntry) -> Option<SeenTask> {
    match entry {
        TaskEntry::Readable(task) => Some(pending::seen(task)),
        TaskEntry::Unreadable { id, .. } => {
            let (action, slug) = Default::default();
            Some(SeenTask {
                id: (*id)?,
                action,
                slug,
                account: None,
                logins: [None; 2],
                changed: [None; 2],
                due: None,
                created: None,
            })
        }
    }
}

fn id_of(entry: &TaskEntry) -> Option<TaskId> {
    match entry {
        TaskEntry::Readable(task) => Some(task.id),
        TaskEntry::Unreadable { id, .. } => *id,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use serde_json::json;
    use uuid::Uuid;

    use super::{super::testing::task, *};
    use crate::{
        client::{ApiKey, BaseUrl, Request, Response, Transport, TransportError},
        clock::SystemClock,
    };

    /// Counts so many tasks at each request, the last number for ever. It shows three a page, the newest first; or the same
    /// three on every page.
    struct List {
        counts: Vec<u32>,
        /// How many of those are never shown.
        hidden: u32,
        moves_on: bool,
        requests: Mutex<usize>,
    }

    #[async_trait]
    impl Transport for List {
        async fn send(&self, request: Request) -> Result<Response, TransportError> {
            let mut requests = self.requests.lock().unwrap();
            let count = self.counts.get(*requests).or(self.counts.last()).copied().unwrap();
            *requests += 1;
            let offset = request.url.query_pairs().find(|(key, _)| key == "offset").unwrap().1.parse().unwrap();
            let (tasks, offset) = if self.moves_on { (count - self.hidden, offset) } else { (3, 0) };
            let page: Vec<Task> = (1..=tasks).rev().skip(offset).take(3).map(|one| task(one, "x", json!({}))).collect();
            let page = json!({"count": count, "next": null, "previous": null, "results": page});
            Ok(Response::json(200, page.to_string()))
        }
    }

    struct Nobody;

    #[async_trait]
    impl Onlooker for Nobody {
        async fn see(&mut self, _: Vec<TaskEntry>) -> Result<(), RoundError> {
            Ok(())
        }
    }

    /// What one walk finds, and with how many requests.
    async fn walk(counts: Vec<u32>, moves_on: bool) -> (usize, usize) {
        walk_of(List { counts, hidden: 0, moves_on, requests: Mutex::default() }).await
    }

    async fn walk_of(list: List) -> (usize, usize) {
        let list = Arc::new(list);
        let key = ApiKey::new("k").unwrap();
        let client =
            Client::builder(BaseUrl::for_tenant("acme").unwrap(), key).transport(list.clone()).build().unwrap();
        let began = SystemClock::new().now();
        let mut listing = Listing { began, tasks: HashSet::new(), unreadable: HashMap::new(), unlisted: Vec::new() };
        listing.walk(&client, Uuid::nil().into(), &mut Nobody).await.unwrap();
        let requests = *list.requests.lock().unwrap();
        (listing.tasks.len(), requests)
    }

    #[tokio::test]
    async fn a_page_that_comes_again_because_the_list_has_grown_is_not_its_end() {
        // 9 to 4; then 24 to 10, again 9 to 4, and 3 to 1: all but those that came too late for this walk.
        assert_eq!(walk(vec![9, 9, 30], true).await, (24, 10));
    }

    #[tokio::test]
    async fn those_who_move_up_when_a_task_leaves_the_list_are_gone_back_for() {
        // 9 to 4; of 7 the last one, since 9 and 8 have left; and 3 to 1.
        assert_eq!(walk(vec![9, 9, 7], true).await, (9, 4));
    }

    #[tokio::test]
    async fn an_empty_page_is_the_end_whatever_the_count_says() {
        // 5 to 1 on two pages, and nothing where two more are counted.
        let list = List { counts: vec![7], hidden: 2, moves_on: true, requests: Mutex::default() };
        assert_eq!(walk_of(list).await, (5, 3));
    }

    #[tokio::test]
    async fn a_list_that_does_not_move_ends_whatever_it_says_of_its_length() {
        assert_eq!(walk(vec![9], false).await, (3, 3));
        assert_eq!(walk((1..1_000).map(|request| request * 1_000).collect(), false).await, (3, 102));
    }
}
