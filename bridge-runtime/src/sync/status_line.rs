//! Saying what the sync is doing.

use std::{
    mem::{Discriminant, discriminant},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use super::error::SyncError;
use crate::{
    clock::Clock,
    journal::{Activity, Journal, Status},
};

/// How long the same activity is not written again, however far it gets.
const PAUSE: Duration = Duration::from_secs(1);

/// Writes what is being done to the journal, where `status` reads it: each change at once, and progress once a second.
pub(super) struct StatusLine<'a> {
    journal: Option<&'a dyn Journal>,
    clock: &'a dyn Clock,
    last: Mutex<Option<(Step, Duration)>>,
}

/// The activity, and the type that it is about.
type Step = (Discriminant<Activity>, Option<String>);

fn step(activity: &Activity) -> Step {
    let slug = match activity {
        Activity::Reading { slug, .. } | Activity::Verifying { slug, .. } => Some(slug.clone()),
        _ => None,
    };
    (discriminant(activity), slug)
}

impl<'a> StatusLine<'a> {
    /// Without a journal nothing is said.
    pub(super) fn new(journal: Option<&'a dyn Journal>, clock: &'a dyn Clock) -> Self {
        StatusLine { journal, clock, last: Mutex::default() }
    }

    pub(super) async fn say(&self, activity: Activity) -> Result<(), SyncError> {
        let Some(journal) = self.journal else { return Ok(()) };
        let (step, now) = (step(&activity), self.clock.now());
        {
            let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
            if last.as_ref().is_some_and(|(said, at)| *said == step && now.saturating_sub(*at) < PAUSE) {
                return Ok(());
            }
            *last = Some((step, now));
        }
        Ok(journal.set_status(&Status::new(activity, self.clock.wall())).await?)
    }
}
