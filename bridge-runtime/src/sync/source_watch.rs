//! A source that gives nothing: no error, no record, no end. Nobody would know that a sync is stuck.

use std::{future::Future, pin::pin, time::Duration};

use super::{error::SyncError, status_line::StatusLine};
use crate::{
    journal::Activity,
    source::{Item, Reading},
    telemetry::SOURCE_SILENT,
};

/// How long a source may give nothing before that is reported. The clients of external systems time out within this time,
/// and a query has its first row.
const QUIET: Duration = Duration::from_secs(30);
/// The longest time between two reports; from one to the next it doubles.
const LONGEST_REMINDER: Duration = Duration::from_secs(60 * 60);

impl StatusLine<'_> {
    /// The next item of a read of which `records` were taken. Dropping the future loses nothing.
    pub(super) async fn next_item(
        &self,
        reading: &mut Reading,
        slug: &'static str,
        records: u64,
    ) -> Result<Option<Item>, SyncError> {
        let pauses = reading.pauses();
        let wait = Wait { call: "read", slug, activity: || Activity::Reading { slug: slug.to_owned(), records } };
        self.watch(wait, || pauses.is_paused(), reading.next()).await
    }

    /// The next answer of `find`, of which `checked` were taken.
    pub(super) async fn next_answer<T>(
        &self,
        answer: impl Future<Output = T>,
        slug: &'static str,
        checked: u64,
    ) -> Result<T, SyncError> {
        let wait = Wait { call: "find", slug, activity: || Activity::Verifying { slug: slug.to_owned(), checked } };
        self.watch(wait, || false, answer).await
    }

    async fn watch<T>(
        &self,
        wait: Wait<impl Fn() -> Activity>,
        is_paused: impl Fn() -> bool,
        answer: impl Future<Output = T>,
    ) -> Result<T, SyncError> {
        let mut answer = pin!(answer);
        let (mut began, mut report_after) = (self.clock().now(), QUIET);
        let mut silence = None;
        loop {
            let left = began.saturating_add(report_after).saturating_sub(self.clock().now());
            tokio::select! {
                biased;
                answer = &mut answer => {
                    if silence.take().is_some() {
                        tracing::info!(bridge.resource_type = wait.slug, "the source answers again");
                        self.say_silent((wait.activity)(), None).await?;
                    }
                    return Ok(answer);
                }
                () = self.clock().sleep(left) => {}
            }
            if is_paused() {
                // The system asked for this pause, and the log says so.
                (began, report_after) = (self.clock().now(), QUIET);
                continue;
            }
            let silent = self.clock().now().saturating_sub(began);
            let since = self.clock().wall().checked_sub(jiff::SignedDuration::try_from(silent).unwrap_or_default());
            let since = since.unwrap_or_else(|_| self.clock().wall());
            tracing::warn!(
                bridge.resource_type = wait.slug,
                silent_s = silent.as_secs(),
                "`{}` of the source has given nothing for {} s; does its client have a timeout?",
                wait.call,
                silent.as_secs()
            );
            if silence.is_none() {
                silence = Some(Silence::new(self, wait.slug, since));
                self.say_silent((wait.activity)(), Some(since)).await?;
            }
            report_after = (report_after * 2).min(report_after + LONGEST_REMINDER);
        }
    }
}

/// What a sync waits for.
struct Wait<A> {
    call: &'static str,
    slug: &'static str,
    activity: A,
}

/// A silence that was reported, in the metrics until it is dropped.
struct Silence<'a> {
    status: &'a StatusLine<'a>,
    slug: &'static str,
}

impl<'a> Silence<'a> {
    fn new(status: &'a StatusLine<'a>, slug: &'static str, since: jiff::Timestamp) -> Self {
        status.meter().set_time_of(&SOURCE_SILENT, &[slug], Some(since));
        Silence { status, slug }
    }
}

impl Drop for Silence<'_> {
    fn drop(&mut self) {
        self.status.meter().set_time_of(&SOURCE_SILENT, &[self.slug], None);
    }
}
