//! Which task may run next: of each account one at a time, in Iden's order.

mod directory;
#[cfg(any(test, feature = "fuzzing"))]
mod model;
#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeSet, HashMap},
    time::Duration,
};

use bridge_core::wire::TaskId;
use jiff::Timestamp;

use super::{
    pending::{Pending, Place},
    subject::Subject,
};
use crate::planted::Bug;
use directory::Directory;
#[cfg(feature = "fuzzing")]
pub(crate) use model::drive;

/// So many reports in vain are no hiccup any more.
const REPORTS_IN_VAIN: u32 = 3;

/// The tasks that are not over, in lanes.
///
/// A lane holds the tasks of one account. A task that makes an account has no id of it yet: it shares a lane with those
/// that name the same e-mail address or login name. So does a task that gives an account a new address or name. One task of a lane runs at a time. A parked one keeps those behind it
/// waiting, but for suspensions and deletions.
#[derive(Debug, Default)]
pub(super) struct Lanes {
    entries: HashMap<TaskId, Entry>,
    lanes: HashMap<LaneId, Lane>,
    last: LaneId,
    directory: Directory,
    /// The first of each lane that may run now, and those that may run later.
    ready: BTreeSet<Turn>,
    later: BTreeSet<(Duration, Turn)>,
    /// Those whose report is to be sent again.
    reports: BTreeSet<Place>,
}

type LaneId = u64;

/// The first task of a lane. Lanes in which a suspension or deletion waits come before the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Turn {
    is_not_urgent: bool,
    place: Place,
}

#[derive(Debug)]
struct Entry {
    lane: LaneId,
    place: Place,
    passes: bool,
    state: State,
}

#[derive(Debug)]
enum State {
    /// It waits for its turn, and not before this time.
    Queued(Pending, Duration),
    /// It was given out.
    Running,
    /// It is over, and is reported again when it is asked for.
    Unreported(Pending),
    /// A person has to look.
    Parked(Pending),
    /// Iden does not show it at present.
    Aside(Pending),
}

#[derive(Debug, Default)]
struct Lane {
    /// In order.
    tasks: Vec<Place>,
    /// How many of them run: one, but for lanes that were joined.
    running: usize,
    /// Whose turn it is, and from when on.
    head: Option<(Duration, Turn)>,
}

impl Lane {
    fn insert(&mut self, place: Place) {
        if let Err(at) = self.tasks.binary_search(&place) {
            // Nearly every lane holds one task, and there may be 25,000.
            self.tasks.reserve_exact(usize::from(self.tasks.is_empty()));
            self.tasks.insert(at, place);
        }
    }

    fn remove(&mut self, place: &Place) {
        if let Ok(at) = self.tasks.binary_search(place) {
            self.tasks.remove(at);
        }
    }
}

/// How many tasks are in which state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Standing {
    /// To be tried again: at their time, when their handler has ended at last, or when Iden shows them.
    pub(super) waiting: usize,
    /// Behind another one of their lane.
    pub(super) blocked: usize,
    pub(super) parked: usize,
    pub(super) unreported: usize,
}

impl Lanes {
    pub(super) fn contains(&self, id: TaskId) -> bool {
        self.entries.contains_key(&id)
    }

    pub(super) fn is_running(&self, id: TaskId) -> bool {
        self.entries.get(&id).is_some_and(|entry| matches!(entry.state, State::Running))
    }

    pub(super) fn ids(&self) -> impl Iterator<Item = TaskId> {
        self.entries.keys().copied()
    }

    pub(super) fn parked(&self) -> Vec<TaskId> {
        let parked = self.entries.values().filter(|entry| matches!(entry.state, State::Parked(_)));
        parked.map(|entry| entry.place.id()).collect()
    }

    /// How many stand in lanes that get on.
    pub(super) fn able(&self) -> usize {
        let able = self.lanes.values().filter(|lane| lane.head.is_some() || lane.running > 0);
        able.map(|lane| lane.tasks.len()).sum()
    }

    /// Whether another task of this account may be loaded: its lane gets on, and holds fewer than so many.
    pub(super) fn have_room_for(&self, subject: &Subject, most: usize) -> bool {
        let mut lanes = self.directory.find(subject).into_iter().filter_map(|lane| self.lanes.get(&lane));
        lanes.all(|lane| (lane.head.is_some() || lane.running > 0) && lane.tasks.len() < most)
    }

    /// How many may run now.
    pub(super) fn ready(&self) -> usize {
        self.ready.len()
    }

    /// When the next one may run, of those that wait for a time.
    pub(super) fn next_due(&self) -> Option<Duration> {
        self.later.first().map(|(due, _)| *due)
    }

    pub(super) fn standing(&self) -> Standing {
        let mut standing = Standing::default();
        for Entry { state, place, lane, .. } in self.entries.values() {
            match state {
                State::Running | State::Aside(_) => standing.waiting += 1,
                State::Unreported(_) => standing.unreported += 1,
                State::Parked(_) => standing.parked += 1,
                State::Queued(..) if self.lanes[lane].head.is_some_and(|(_, head)| head.place == *place) => {
                    standing.waiting += 1;
                }
                State::Queued(..) => standing.blocked += 1,
            }
        }
        standing
    }

    /// When the oldest of all was due.
    pub(super) fn oldest(&self) -> Option<Timestamp> {
        self.entries.values().filter_map(|entry| entry.place.due()).min()
    }

    /// The task of its lane that keeps this one waiting.
    pub(super) fn before(&self, id: TaskId) -> Option<TaskId> {
        let entry = self.entries.get(&id)?;
        let lane = &self.lanes[&entry.lane];
        let is_head = lane.head.is_some_and(|(_, head)| head.place == entry.place);
        let before = lane.tasks.iter().take_while(|place| **place < entry.place).last().filter(|_| !is_head)?;
        Some(before.id())
    }

    /// Takes in a task, as if it had been given out: one of the methods below is to follow.
    pub(super) fn enter(&mut self, pending: &Pending, subject: &Subject) {
        let lane = self.lane_of(subject);
        let entry = Entry { lane, place: pending.place, passes: pending.passes, state: State::Running };
        self.entries.insert(pending.id(), entry);
        let of_account = self.lanes.entry(lane).or_default();
        of_account.insert(pending.place);
        of_account.running += 1;
        self.refresh(lane);
    }

    /// It waits for its turn.
    pub(super) fn queue(&mut self, pending: Pending) {
        self.put(pending, |pending| State::Queued(pending, Duration::ZERO));
    }

    /// It is not before this time that it comes to its turn again.
    pub(super) fn delay(&mut self, pending: Pending, not_before: Duration) {
        self.put(pending, |pending| State::Queued(pending, not_before));
    }

    /// It waits for a person.
    pub(super) fn park(&mut self, pending: Pending) {
        self.put(pending, State::Parked);
    }

    /// It is set aside until the next poll. Its account waits, as behind a parked one.
    pub(super) fn set_aside(&mut self, pending: Pending) {
        self.put(pending, State::Aside);
    }

    /// Those that were set aside wait for their turn again.
    pub(super) fn take_from_aside(&mut self) {
        let aside = self.entries.values().filter(|entry| matches!(entry.state, State::Aside(_)));
        let aside: Vec<TaskId> = aside.map(|entry| entry.place.id()).collect();
        aside.into_iter().for_each(|id| self.release(id, |pending| pending));
    }

    /// Its report did not arrive. Its account waits: Iden must not hear of what came later first. After some reports in vain
    /// it is like a parked one, so that suspensions and deletions pass.
    pub(super) fn hold_report(&mut self, pending: Pending) {
        self.put(pending, State::Unreported);
    }

    /// It is over.
    pub(super) fn remove(&mut self, id: TaskId) {
        let Some(entry) = self.entries.remove(&id) else { return };
        self.reports.remove(&entry.place);
        let Some(lane) = self.lanes.get_mut(&entry.lane) else { return };
        lane.remove(&entry.place);
        lane.running -= usize::from(matches!(entry.state, State::Running));
        self.refresh(entry.lane);
        if self.lanes[&entry.lane].tasks.is_empty() {
            self.lanes.remove(&entry.lane);
            self.directory.close(entry.lane);
        }
    }

    /// One that is parked or set aside is taken up again.
    pub(super) fn release(&mut self, id: TaskId, change: impl FnOnce(Pending) -> Pending) {
        let Some(entry) = self.entries.get_mut(&id) else { return };
        if let State::Parked(pending) | State::Aside(pending) = &mut entry.state {
            let taken = std::mem::replace(pending, Pending::at(entry.place));
            self.queue(change(taken));
        }
    }

    /// Has the reports sent again that did not arrive.
    pub(super) fn resend(&mut self) {
        let unreported = self.entries.values().filter(|entry| matches!(entry.state, State::Unreported(_)));
        self.reports.extend(unreported.map(|entry| entry.place));
    }

    /// Lets go of tasks behind a parked one that Iden lists no more, if nothing of them was ever begun: they have no turn
    /// that would show it.
    pub(super) fn drop_unlisted(&mut self, listed: impl Fn(TaskId) -> bool) {
        let gone = self.entries.values().filter(|entry| {
            let idle =
                matches!(&entry.state, State::Queued(pending, _) if !pending.unclear && pending.conclusion.is_none());
            let lane = &self.lanes[&entry.lane];
            idle && lane.head.is_none() && lane.running == 0 && !listed(entry.place.id())
        });
        let gone: Vec<TaskId> = gone.map(|entry| entry.place.id()).collect();
        gone.into_iter().for_each(|id| self.remove(id));
    }

    /// Gives out the task whose turn it is. It comes back by one of the methods above.
    pub(super) fn next(&mut self, now: Duration) -> Option<Pending> {
        while let Some((due, turn)) = self.later.first().copied().filter(|(due, _)| *due <= now) {
            self.later.remove(&(due, turn));
            self.ready.insert(turn);
        }
        let turn = self.ready.pop_first()?;
        self.give_out(turn.place)
    }

    /// Gives out a task that is over and to be reported again. It comes back by one of the methods above.
    pub(super) fn next_report(&mut self) -> Option<Pending> {
        let place = self.reports.pop_first()?;
        self.give_out(place)
    }

    fn give_out(&mut self, place: Place) -> Option<Pending> {
        let entry = self.entries.get_mut(&place.id())?;
        let lane = entry.lane;
        match std::mem::replace(&mut entry.state, State::Running) {
            State::Queued(pending, _) | State::Unreported(pending) | State::Parked(pending) | State::Aside(pending) => {
                self.lanes.get_mut(&lane)?.running += 1;
                self.refresh(lane);
                Some(pending)
            }
            State::Running => None,
        }
    }

    fn put(&mut self, pending: Pending, state: impl FnOnce(Pending) -> State) {
        let (id, place, passes) = (pending.id(), pending.place, pending.passes);
        let lane = match self.entries.get(&id) {
            Some(entry) => entry.lane,
            None => self.lane_of(&Subject::default()),
        };
        let before = self.entries.insert(id, Entry { lane, place, passes, state: state(pending) });
        let of_account = self.lanes.entry(lane).or_default();
        of_account.insert(place);
        of_account.running -= usize::from(before.is_some_and(|before| matches!(before.state, State::Running)));
        self.refresh(lane);
    }

    /// The lane of an account; several that turn out to be one person's are joined.
    fn lane_of(&mut self, subject: &Subject) -> LaneId {
        let mut found = self.directory.find(subject).into_iter();
        let lane = found.next().unwrap_or_else(|| {
            self.last += 1;
            self.last
        });
        found.for_each(|other| self.join(other, lane));
        self.directory.enter(subject, lane);
        lane
    }

    fn join(&mut self, from: LaneId, into: LaneId) {
        self.set_head(from, None);
        self.directory.join(from, into);
        let Some(lane) = self.lanes.remove(&from) else { return };
        for place in &lane.tasks {
            if let Some(entry) = self.entries.get_mut(&place.id()) {
                entry.lane = into;
            }
        }
        let joined = self.lanes.entry(into).or_default();
        lane.tasks.iter().for_each(|place| joined.insert(*place));
        joined.running += lane.running;
    }

    fn refresh(&mut self, lane: LaneId) {
        let head = self.head(lane);
        self.set_head(lane, head);
    }

    /// Whose turn it is in a lane.
    fn head(&self, lane: LaneId) -> Option<(Duration, Turn)> {
        let (mut stuck, lane) = (false, self.lanes.get(&lane)?);
        if lane.running > 0 && !Bug::TwoOfOneLane.is_planted() {
            return None;
        }
        for place in &lane.tasks {
            let Entry { state, passes, .. } = self.entries.get(&place.id())?;
            match state {
                State::Running => {}
                State::Unreported(over) if over.reports < REPORTS_IN_VAIN => return None,
                State::Parked(_) if Bug::ParkedBlocksNothing.is_planted() => {}
                State::Unreported(_) | State::Parked(_) | State::Aside(_) => stuck = true,
                State::Queued(..) if stuck && !passes => {}
                State::Queued(_, not_before) => {
                    let queued = |place: &Place| self.entries.get(&place.id()).is_some_and(|entry| entry.passes);
                    let is_not_urgent = !lane.tasks.iter().any(queued);
                    return Some((*not_before, Turn { is_not_urgent, place: *place }));
                }
            }
        }
        None
    }

    fn set_head(&mut self, lane: LaneId, head: Option<(Duration, Turn)>) {
        let Some(lane) = self.lanes.get_mut(&lane) else { return };
        if lane.head == head {
            return;
        }
        if let Some((due, turn)) = std::mem::replace(&mut lane.head, head) {
            self.ready.remove(&turn);
            self.later.remove(&(due, turn));
        }
        match head {
            Some((Duration::ZERO, turn)) => drop(self.ready.insert(turn)),
            Some(later) => drop(self.later.insert(later)),
            None => {}
        }
    }
}
