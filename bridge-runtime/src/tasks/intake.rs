//! What a poll has found, for the lanes.

use bridge_core::wire::TaskId;
use futures_util::FutureExt;
use jiff::{SignedDuration, Timestamp};

use super::{
    error::RoundError,
    listing::{Fate, Listing},
    pending::{Pending, seen},
    shift::Shift,
    subject::Subject,
};
use crate::journal::{KnownTask, SeenTask, TaskState};

/// How many tasks the journal is asked about at a time.
const CHUNK: usize = 1_000;
/// How many settled tasks are kept in any case: a clock that was set wrong for a while must not forget them all.
const KEPT_AT_LEAST: u32 = 10_000;
/// How long a settled task is kept. What Iden lists is kept in any case.
const KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);

impl<S: Send + Sync + 'static> Shift<'_, S> {
    /// Takes in what Iden lists, with what the journal knows of it.
    pub(super) async fn take_in(&mut self, listing: Listing) -> Result<(), RoundError> {
        let (engine, began) = (self.engine, listing.began);
        while let Some(Some((id, pending))) = self.desk.overtime.next().now_or_never() {
            self.go_home(id, pending);
        }
        self.changed_form = listing.changed_form().map(str::to_owned);
        self.desk.unreadable = listing.unreadable.len();
        let mut listed = listing.tasks;
        let settled = &self.desk.settled;
        // It was settled since: the list is older than that.
        let is_open = |id: &TaskId| settled.get(id).is_none_or(|at| *at < began);
        self.listed = listed.iter().copied().filter(is_open).collect();
        let refused: Vec<(TaskId, String)> =
            listing.unreadable.iter().filter(|(id, _)| is_open(id)).map(|(id, why)| (*id, why.clone())).collect();
        self.queue_begun().await?;
        if self.changed_form.is_none() {
            for (id, why) in refused {
                self.queue_unreadable(id, why).await?;
            }
        }
        listed.extend(listing.unreadable.into_keys());
        self.look_after_unlisted(listing.unlisted).await?;
        self.desk.settled.retain(|id, at| listed.contains(id) || *at >= began);
        self.take_up_again().await?;
        self.desk.lanes.drop_unlisted(|id| listed.contains(&id));
        self.desk.lanes.resend();
        let mut keep = listed;
        keep.extend(self.desk.lanes.ids());
        let before = engine.clock.wall().checked_sub(KEPT).unwrap_or(Timestamp::MIN);
        engine.journal.forget_tasks(keep, before, KEPT_AT_LEAST).await?;
        // What was merely listed, and is in the journal still, is pending.
        self.left_out = self.load().await?;
        self.show_standing();
        Ok(())
    }

    /// Takes in those listed tasks of which the journal knows more than that they are listed.
    async fn queue_begun(&mut self) -> Result<(), RoundError> {
        let mut ids: Vec<TaskId> = self.listed.iter().filter(|id| self.is_new(**id)).copied().collect();
        ids.sort_unstable();
        for chunk in ids.chunks(CHUNK) {
            let mut known = self.engine.journal.tasks(chunk.to_vec()).await?;
            known.retain(|task| task.state != TaskState::Seen);
            self.queue_all(&known).await?;
        }
        Ok(())
    }

    /// Whether a task is listed, and not at hand.
    pub(super) fn is_new(&self, id: TaskId) -> bool {
        self.listed.contains(&id) && !self.desk.lanes.contains(id)
    }

    /// A task that cannot be read: it is refused, or reported if it is over already.
    async fn queue_unreadable(&mut self, id: TaskId, why: String) -> Result<(), RoundError> {
        if !self.desk.lanes.contains(id) {
            let known = self.engine.journal.tasks(vec![id]).await?.pop();
            self.queue(known.as_ref(), Pending::unreadable(id, why), &Subject::default());
        }
        Ok(())
    }

    pub(super) async fn queue_all(&mut self, tasks: &[KnownTask]) -> Result<(), RoundError> {
        let seen: Vec<&SeenTask> = tasks.iter().map(|task| &task.seen).collect();
        let subjects = self.engine.subjects(&seen).await?;
        for (known, subject) in tasks.iter().zip(&subjects) {
            self.queue(Some(known), Pending::of(&known.seen), subject);
        }
        Ok(())
    }

    fn queue(&mut self, known: Option<&KnownTask>, pending: Pending, subject: &Subject) {
        let lanes = &mut self.desk.lanes;
        lanes.enter(&pending, subject);
        let pending = if let Some(known) = known { pending.known(known) } else { pending };
        if pending.conclusion.is_some() {
            return lanes.hold_report(pending);
        }
        self.report.came += 1;
        if self.desk.overtime.contains(pending.id()) {
            self.desk.overtime.keep(pending);
        } else if known.is_some_and(|known| known.state == TaskState::Parked) {
            lanes.park(pending);
        } else {
            lanes.queue(pending);
        }
    }

    /// Tasks that were begun, and that Iden does not list.
    async fn look_after_unlisted(&mut self, unlisted: Vec<(KnownTask, Fate)>) -> Result<(), RoundError> {
        let (engine, desk) = (self.engine, &mut *self.desk);
        for (known, fate) in unlisted {
            let id = known.seen.id;
            if desk.lanes.is_running(id) || desk.overtime.contains(id) {
                continue;
            }
            // It may have come to its end since it was asked for.
            let state = engine.journal.tasks(vec![id]).await?.pop().map(|now| now.state);
            match fate {
                Fate::Ours if state == Some(TaskState::Executed) && !desk.lanes.contains(id) => {
                    desk.lanes.hold_report(Pending::unlisted(&known));
                }
                Fate::Settled(status) if state.is_some_and(TaskState::is_unclear) => {
                    engine.settled_elsewhere(id, &status).await?;
                    desk.lanes.remove(id);
                    self.report.conflicts += 1;
                }
                Fate::Absent if state.is_some_and(TaskState::is_unclear) => {
                    engine.move_to(id, TaskState::Gone, "Iden has it no more").await?;
                    desk.lanes.remove(id);
                }
                // The list has missed it. Younger ones of its account wait behind it.
                Fate::Pending(task) if state.is_some_and(TaskState::is_unclear) && !desk.lanes.contains(id) => {
                    let task = seen(&task);
                    let pending = Pending::of(&task).known(&known);
                    desk.lanes.enter(&pending, &engine.subjects(&[&task]).await?[0]);
                    if state == Some(TaskState::Parked) { desk.lanes.park(pending) } else { desk.lanes.queue(pending) }
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Tasks that Iden could not show, and parked ones that a person has had taken up again.
    pub(super) async fn take_up_again(&mut self) -> Result<(), RoundError> {
        self.desk.lanes.take_from_aside();
        let parked = self.desk.lanes.parked();
        if parked.is_empty() {
            return Ok(());
        }
        for known in self.engine.journal.tasks(parked).await? {
            if known.state != TaskState::Parked {
                tracing::info!(bridge.task_id = %known.seen.id, "the task is taken up again, as a person has asked");
                self.desk.lanes.release(known.seen.id, |pending| pending.known(&known));
            }
        }
        Ok(())
    }

    /// A handler that was cut off has ended: its task is settled by its kind, and may run again. If its shift was dropped,
    /// and the task is not listed any more, there is nothing to go on with.
    pub(super) fn go_home(&mut self, id: TaskId, pending: Option<Pending>) {
        tracing::info!(bridge.task_id = %id, "the blocking work that went on has ended");
        match pending {
            Some(pending) => self.desk.lanes.queue(pending),
            None => self.desk.lanes.remove(id),
        }
        self.show_overdue();
    }
}
