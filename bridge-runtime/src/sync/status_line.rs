//! Saying what the sync is doing: to the journal, to whoever looks on, and in figures.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use jiff::Timestamp;

use super::{error::SyncError, sources::Sources};
use crate::{
    clock::Clock,
    journal::{Activity, Journal, Status},
    telemetry::{Family, Meter},
};

/// How long the same activity is not written again, however far it gets.
const PAUSE: Duration = Duration::from_secs(1);

/// Writes what is being done to the journal, where `status` reads it: each change at once, and progress once a second.
pub(super) struct StatusLine<'a> {
    journal: Option<&'a dyn Journal>,
    clock: &'a dyn Clock,
    meter: &'a Meter,
    last: Mutex<Option<(Activity, Duration)>>,
}

impl<'a> StatusLine<'a> {
    /// Of a dry run nothing is said to the journal: it is not what the running connector does.
    pub(super) fn new<S>(sources: &'a Sources<S>, dry: bool) -> Self {
        let Sources { journal, clock, meter, .. } = sources;
        StatusLine { journal: (!dry).then_some(&**journal), clock: &**clock, meter, last: Mutex::default() }
    }

    pub(super) fn wall(&self) -> Timestamp {
        self.clock.wall()
    }

    /// Counts what came of some records or pages.
    pub(super) fn count(&self, family: &Family, labels: &[&'static str], more: u64) {
        if self.journal.is_some() {
            self.meter.add(family, labels, more);
        }
    }

    /// Pages that were accepted, and how many are on their way.
    pub(super) fn pages(&self, landed: u64, on_their_way: usize) {
        self.meter.pages(landed, on_their_way);
    }

    pub(super) fn clock(&self) -> &dyn Clock {
        self.clock
    }

    pub(super) fn meter(&self) -> &Meter {
        self.meter
    }

    /// The source has given nothing since then, or gives something again.
    pub(super) async fn say_silent(&self, activity: Activity, since: Option<Timestamp>) -> Result<(), SyncError> {
        let Some(journal) = self.journal else { return Ok(()) };
        let status = Status { silent_since: since, ..Status::new(activity, self.clock.wall()) };
        Ok(journal.set_status(&status).await?)
    }

    pub(super) async fn say(&self, activity: Activity) -> Result<(), SyncError> {
        self.meter.says(activity.clone());
        let (Some(journal), now) = (self.journal, self.clock.now()) else { return Ok(()) };
        {
            let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
            if last.as_ref().is_some_and(|(said, at)| said.is_same_step(&activity) && now.saturating_sub(*at) < PAUSE) {
                return Ok(());
            }
            *last = Some((activity.clone(), now));
        }
        Ok(journal.set_status(&Status::new(activity, self.clock.wall())).await?)
    }
}
