//! How a session ends.

use jiff::Timestamp;
use uuid::Uuid;

use super::Scope;
use super::agenda::Event;
use super::session::{Session, SessionStatus};
use super::sync::{active, find};
use crate::changes::Topic;
use crate::error::Refusal;
use crate::view::Cause;

impl Scope<'_> {
    /// What was pushed is the full truth now. The clean-up follows at once, or when its time has come.
    pub(crate) fn complete(&mut self, sync: Uuid) -> Result<(), Refusal> {
        let assumptions = self.assumptions;
        let session = find(&mut self.app.sessions, sync)?;
        match session.status {
            SessionStatus::InProgress => {}
            SessionStatus::Abandoned if assumptions.abandoned_can_be_completed => {}
            SessionStatus::Completed | SessionStatus::CleaningUp if assumptions.complete_twice_succeeds => {
                return Ok(());
            }
            _ => return Err(session.is_over()),
        }
        let at = self.clock.now().checked_add(assumptions.clean_up_takes).unwrap_or(Timestamp::MAX);
        session.status = SessionStatus::CleaningUp;
        session.clean_up_at = Some(at);
        self.touched.session(self.app.id, sync);
        if assumptions.clean_up_takes.is_zero() {
            self.clean_up(sync);
        } else {
            self.remind(at, Event::CleanUp(sync));
        }
        Ok(())
    }

    /// Removes every record of the snapshot that no page held, of every type.
    pub(super) fn clean_up(&mut self, sync: Uuid) {
        let (assumptions, now, app) = (self.assumptions, self.clock.stamp(), self.app.id);
        let (records, touched, cause) =
            (&mut self.app.records, &mut *self.touched, Cause::Completion { session: sync });
        let Ok(session) = find(&mut self.app.sessions, sync) else { return };
        if assumptions.newer_records_are_removed {
            session.coverage().snapshot_anew(active(records));
        }
        if !assumptions.types_without_a_page_are_emptied {
            session.coverage().spare_types_without_a_page();
        }
        let clear = assumptions.upsert_clears_left_out_fields;
        for ((slug, key), listed) in session.coverage().take_links() {
            let record = records.get_mut(&slug).and_then(|records| records.get_mut(&key));
            if record.is_some_and(|record| record.set_links(listed, clear, now, cause)) {
                touched.record(app, &slug, &key);
            }
        }
        session.complete(now, |slug, key| {
            let record = records.get_mut(slug)?.get_mut(key)?;
            let was_there = record.remove(now, cause);
            was_there.then(|| {
                touched.record(app, slug, key);
                (record.id().to_owned(), record.label())
            })
        });
        touched.session(app, sync);
        self.app.last_synced_at = Some(now);
        touched.app(app, Topic::Apps);
    }

    /// Ends the session without a clean-up. What was pushed stays.
    pub(crate) fn abandon(&mut self, sync: Uuid) -> Result<(), Refusal> {
        let (assumptions, now) = (self.assumptions, self.clock.stamp());
        let session = find(&mut self.app.sessions, sync)?;
        match session.status {
            SessionStatus::InProgress => session.abandon(now, assumptions.abandoned_can_be_completed),
            SessionStatus::Completed | SessionStatus::CleaningUp if assumptions.completed_can_be_abandoned => {}
            _ => return Err(session.is_over()),
        }
        self.touched.session(self.app.id, sync);
        Ok(())
    }

    /// Ends a session that is still in progress (question P5).
    pub(super) fn expire(&mut self, sync: Uuid) {
        let now = self.clock.stamp();
        let session = find(&mut self.app.sessions, sync);
        if let Ok(session) = session.and_then(|session| session.check_open().map(|()| session)) {
            session.expire(now);
            self.touched.session(self.app.id, sync);
        }
    }
}

impl Session {
    /// 400 unless the session is in progress.
    pub(crate) fn check_open(&self) -> Result<(), Refusal> {
        if self.status == SessionStatus::InProgress { Ok(()) } else { Err(self.is_over()) }
    }

    fn is_over(&self) -> Refusal {
        let what = match self.status {
            SessionStatus::CleaningUp => "completed",
            over => over.name(),
        };
        Refusal::bad_request(format!("sync session {} is {what} already", self.id))
    }
}
