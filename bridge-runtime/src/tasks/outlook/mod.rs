//! What is pending, and what the next round would make of it: the dry run of the tasks.

mod listed;
#[cfg(feature = "journal-sqlite")]
#[cfg(test)]
mod tests;

use std::{collections::HashMap, time::Duration};

use async_trait::async_trait;
use bridge_core::{
    TaskError,
    wire::{AppId, TaskEntry, TaskId, TaskStatus},
};

pub use listed::ListedTask;

use super::{
    HandlerInfo, Tasks,
    attempt::unknown_outcome,
    conclusion::Conclusion,
    engine::subjects,
    error::RoundError,
    execution::superseded,
    lanes::Lanes,
    listing::{Listing, Onlooker, seen},
    pending::{Pending, Place},
    subject::Subject,
};
use crate::{
    client::Client,
    clock::Clock,
    journal::{Journal, KnownTask, SeenTask, TaskState},
};

/// How many tasks the journal is asked about at a time.
const CHUNK: usize = 1_000;

/// What is needed to look ahead. Nothing is carried out, reported or written down.
pub(crate) struct Outlook<'a, S> {
    pub(crate) client: &'a Client,
    pub(crate) app: AppId,
    pub(crate) journal: &'a dyn Journal,
    pub(crate) clock: &'a dyn Clock,
    pub(crate) tasks: &'a Tasks<S>,
}

/// A task that Iden lists, and its handler.
struct Sketch {
    seen: SeenTask,
    handler: Option<HandlerInfo>,
    /// Why no handler takes it.
    refusal: Option<TaskError>,
}

impl<S: Send + Sync> Outlook<'_, S> {
    /// The tasks in the order in which they would be carried out; then those that wait for a person, with what waits behind
    /// them; then those of the journal that are not over and that Iden does not list.
    pub(crate) async fn read(&self) -> Result<Vec<ListedTask>, RoundError> {
        let mut sketcher = Sketcher { tasks: self.tasks, sketches: HashMap::new() };
        let listing = Listing::walk_all(self.client, self.app, self.clock, &mut sketcher).await?;
        let mut sketches = sketcher.sketches;
        let known = self.known(sketches.keys().copied().collect()).await?;
        let mut unlisted = self.journal.open_tasks().await?;
        unlisted.retain(|known| !sketches.contains_key(&known.seen.id));

        let readable = sketches.values().map(|sketch| &sketch.seen).filter(|seen| listing.tasks.contains(&seen.id));
        let readable: Vec<&SeenTask> = readable.collect();
        let subjects = subjects(self.journal, &readable).await?;
        let mut pending: Vec<(Pending, Subject)> = readable.into_iter().map(Pending::of).zip(subjects).collect();
        let unreadable = listing.unreadable.into_iter();
        pending.extend(unreadable.map(|(id, why)| (Pending::unreadable(id, why), Subject::default())));
        pending.retain(|(one, _)| sketches.contains_key(&one.id()));
        let (behind, order) = forecast(pending, &known, &unlisted);
        let mut tasks = Vec::new();
        for id in order {
            let behind = behind.get(&id).copied();
            if let Some(sketch) = sketches.remove(&id) {
                tasks.push(self.listed(sketch, known.get(&id), behind).await?);
            } else if let Some(at) = unlisted.iter().position(|known| known.seen.id == id) {
                tasks.push(self.unlisted(&unlisted.remove(at)));
            }
        }
        tasks.extend(unlisted.iter().map(|known| self.unlisted(known)));
        Ok(tasks)
    }

    async fn known(&self, ids: Vec<TaskId>) -> Result<HashMap<TaskId, KnownTask>, RoundError> {
        let mut all = HashMap::new();
        for chunk in ids.chunks(CHUNK) {
            let known = self.journal.tasks(chunk.to_vec()).await?;
            all.extend(known.into_iter().map(|known| (known.seen.id, known)));
        }
        Ok(all)
    }

    async fn listed(
        &self,
        sketch: Sketch,
        known: Option<&KnownTask>,
        behind: Option<TaskId>,
    ) -> Result<ListedTask, RoundError> {
        let (state, attempts) = known.map_or((TaskState::Seen, 0), |known| (known.state, known.attempts));
        let end = known.and_then(|known| known.end.clone());
        let report = match (end, sketch.refusal) {
            (Some(end), _) => Some(end.report),
            (None, Some(error)) if state.is_unclear() => Some(failed(unknown_outcome(&error))),
            (None, Some(error)) => Some(failed(error)),
            (None, None) if sketch.handler.is_none() || state == TaskState::Parked => None,
            (None, None) => self.overtaken(&sketch.seen).await?.map(failed),
        };
        let (handler, listed) = (sketch.handler, true);
        Ok(ListedTask { handler, report, behind, ..ListedTask::new(sketch.seen, state, attempts, listed) })
    }

    fn unlisted(&self, known: &KnownTask) -> ListedTask {
        let handler = self.tasks.find(&known.seen.action, &known.seen.slug).map(super::Entry::info);
        let report = known.end.as_ref().map(|end| end.report.clone());
        let listed = ListedTask::new(known.seen.clone(), known.state, known.attempts, false);
        ListedTask { handler, report, ..listed }
    }

    /// A task that is not carried out because a later one is done already.
    async fn overtaken(&self, seen: &SeenTask) -> Result<Option<TaskError>, RoundError> {
        Ok(self.journal.overtaken_by(seen).await?.map(superseded))
    }
}

fn failed(error: TaskError) -> bridge_core::wire::TaskReport {
    Conclusion::of(Err(error)).report()
}

/// Which tasks wait behind which, and the order of all. The lanes are those of the engine, filled in the same way.
fn forecast(
    mut pending: Vec<(Pending, Subject)>,
    known: &HashMap<TaskId, KnownTask>,
    unlisted: &[KnownTask],
) -> (HashMap<TaskId, TaskId>, Vec<TaskId>) {
    let mut lanes = Lanes::default();
    pending.sort_unstable_by_key(|(one, _)| one.place);
    let (mut places, mut queued) = (Vec::new(), Vec::new());
    for (one, subject) in pending {
        places.push(one.place);
        let known = known.get(&one.id());
        lanes.enter(&one, &subject);
        let one = if let Some(known) = known { one.known(known) } else { one };
        if one.conclusion.is_some() {
            lanes.hold_report(one);
        } else if known.is_some_and(|known| known.state == TaskState::Parked) {
            lanes.park(one);
        } else {
            queued.push(one.id());
            lanes.queue(one);
        }
    }
    for known in unlisted.iter().filter(|known| known.state == TaskState::Executed) {
        let over = Pending::unlisted(known);
        places.push(over.place);
        lanes.hold_report(over);
    }
    let behind = queued.into_iter().filter_map(|id| Some((id, lanes.before(id)?))).collect();
    lanes.resend();
    // As if each came to its end at once.
    let mut order = Vec::new();
    while let Some(next) = lanes.next_report().or_else(|| lanes.next(Duration::MAX)) {
        order.push(next.id());
        lanes.remove(next.id());
    }
    places.sort_unstable();
    order.extend(places.iter().map(Place::id).filter(|id| lanes.contains(*id)));
    (behind, order)
}

/// Keeps of each task what is shown of it: its payload would be too much.
struct Sketcher<'a, S> {
    tasks: &'a Tasks<S>,
    sketches: HashMap<TaskId, Sketch>,
}

#[async_trait]
impl<S: Send + Sync> Onlooker for Sketcher<'_, S> {
    async fn see(&mut self, new: Vec<TaskEntry>) -> Result<(), RoundError> {
        for entry in new {
            let Some(seen) = seen(&entry) else { continue };
            let (handler, refusal) = match &entry {
                // A server that does not filter.
                TaskEntry::Readable(task) if task.status != TaskStatus::Pending => continue,
                // It does not poll, so it refuses nothing.
                _ if self.tasks.entries().is_empty() => (None, None),
                TaskEntry::Readable(task) => {
                    let handler = self.tasks.find(&task.action, &task.resource_type).map(super::Entry::info);
                    (handler, self.tasks.route(task).err())
                }
                TaskEntry::Unreadable { why, .. } => (None, Some(TaskError::fail("invalid_payload", why))),
            };
            self.sketches.insert(seen.id, Sketch { seen, handler, refusal });
        }
        Ok(())
    }
}
