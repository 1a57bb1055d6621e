//! What happens by itself when its time has come.

use std::collections::BTreeMap;

use jiff::Timestamp;
use uuid::Uuid;

use super::State;
use super::session::SessionStatus;
use crate::changes::{Change, Topic};
use crate::key::Access;

/// What is due, in the order of time.
#[derive(Default)]
pub(crate) struct Agenda {
    dues: BTreeMap<(Timestamp, u64), Due>,
    /// Two things of one instant happen in the order in which they were put down.
    next: u64,
}

/// Something to happen in one app.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Due {
    pub(crate) tenant: usize,
    pub(crate) app: Uuid,
    pub(crate) event: Event,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Event {
    /// A scheduled task becomes pending.
    TaskIsPending,
    /// A session that nobody ended expires.
    Expiry(Uuid),
    /// A completed session removes what it did not hold.
    CleanUp(Uuid),
}

impl Agenda {
    pub(crate) fn add(&mut self, at: Timestamp, due: Due) {
        self.next += 1;
        self.dues.insert((at, self.next), due);
    }

    /// When there is something to do next.
    pub(crate) fn first(&self) -> Option<Timestamp> {
        self.dues.first_key_value().map(|((at, _), _)| *at)
    }

    fn take_due(&mut self, now: Timestamp) -> Option<Due> {
        self.first().filter(|at| *at <= now).and_then(|_| self.dues.pop_first()).map(|(_, due)| due)
    }
}

impl State {
    /// Puts down what is still to come of what was read from the state file.
    pub(crate) fn restore_agenda(&mut self) {
        let expiry = self.assumptions.session_expires_after;
        for (tenant, held) in self.tenants.iter().enumerate() {
            for app in held.apps() {
                let tasks = app.tasks.iter().filter_map(|task| Some((task.execute_after?, Event::TaskIsPending)));
                let sessions = app.sessions.iter().filter_map(|session| match session.status {
                    SessionStatus::InProgress => {
                        Some((session.started_at.checked_add(expiry?).ok()?, Event::Expiry(session.id)))
                    }
                    SessionStatus::CleaningUp => Some((session.clean_up_at?, Event::CleanUp(session.id))),
                    SessionStatus::Completed | SessionStatus::Abandoned | SessionStatus::Expired => None,
                });
                for (at, event) in tasks.chain(sessions) {
                    self.agenda.add(at, Due { tenant, app: app.id, event });
                }
            }
        }
    }

    /// Lets happen what is due by now. Called before anybody looks at the state, so that nobody sees it late.
    pub(crate) fn settle(&mut self) {
        let now = self.clock.now();
        while let Some(due) = self.agenda.take_due(now) {
            // Apps are never deleted, and everything is within reach here.
            let Ok(mut scope) = self.scope(due.tenant, &Access::Everything, due.app) else { continue };
            match due.event {
                Event::TaskIsPending => {
                    self.touched.changes.insert(Change::of(due.app, Topic::Tasks));
                }
                Event::Expiry(sync) => scope.expire(sync),
                Event::CleanUp(sync) => scope.clean_up(sync),
            }
        }
    }
}
