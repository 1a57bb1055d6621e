//! The two loops of a running connector.

use std::time::Duration;

use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use super::{Attached, ConnectorError, Exit, Schedule, SyncTime, schedule::jittered};
use crate::{
    clock::Clock,
    journal::{Activity, Command, JournalError, Status},
    sync::SyncError,
};

/// The first wait after a failure; it doubles with each failure in a row.
const FIRST_WAIT: Duration = Duration::from_secs(30);
/// How long to wait when Iden refuses the key: nothing gets better by asking often.
const REFUSED_WAIT: Duration = Duration::from_secs(5 * 60);
/// How often the journal is asked whether somebody wants a sync now.
const COMMANDS_EVERY: Duration = Duration::from_secs(1);

/// Syncs and carries out tasks, side by side, until `stop`. Each loop does one thing at a time; the gate keeps tasks from
/// changing accounts while a session is completed.
pub(super) async fn run<S: Send + Sync + 'static>(
    attached: &Attached<S>,
    schedule: &Schedule,
    stop: &CancellationToken,
) -> Result<(), ConnectorError> {
    let stop = stop.child_token();
    // One that cannot go on stops the other in good order.
    let syncs = async {
        let _stop_the_other = stop.clone().drop_guard();
        sync_loop(attached, schedule, &stop).await
    };
    let polls = async {
        if !attached.has_tasks() {
            tracing::info!("this connector has no task handlers: it does not poll");
            return stop_of(&stop).await;
        }
        let _stop_the_other = stop.clone().drop_guard();
        poll_loop(attached, schedule, &stop).await
    };
    let (synced, polled) = tokio::join!(syncs, polls);
    attached.journal.set_status(&Status::new(Activity::Stopped, attached.clock.wall())).await?;
    tracing::info!("stopped");
    synced.and(polled)
}

async fn stop_of(stop: &CancellationToken) -> Result<(), ConnectorError> {
    stop.cancelled().await;
    Ok(())
}

async fn sync_loop<S: Send + Sync + 'static>(
    attached: &Attached<S>,
    schedule: &Schedule,
    stop: &CancellationToken,
) -> Result<(), ConnectorError> {
    let (journal, clock, random) = (&*attached.journal, &*attached.clock, &*attached.random);
    // What was asked before this process came is not meant for it.
    journal.take_commands().await?;
    let mut backoff = Backoff::default();
    let Some(first) = schedule.first_sync(clock.wall()) else {
        journal.set_status(&Status::new(Activity::TasksOnly, clock.wall())).await?;
        return stop_of(stop).await;
    };
    let mut due = Due::after(first, clock, schedule);
    let mut activity = Activity::Waiting { until: due.wall };
    loop {
        if !due.left(clock).is_zero() {
            journal.set_status(&Status::new(activity, clock.wall())).await?;
            tracing::info!("waiting until {:.0} for the next sync", due.wall);
            if wait_for(attached, &due, stop).await? == Woken::Asked {
                tracing::info!("a sync was asked for");
            }
        }
        if stop.is_cancelled() {
            return Ok(());
        }
        let ended = attached.sync_once(stop).await;
        // A wall clock that was set back must not bring the same time twice.
        let usual = schedule.next_sync(clock.wall().max(due.wall), random).unwrap_or(Duration::MAX);
        let (held, why) = match &ended {
            Err(ConnectorError::Sync(failure)) if let SyncError::Held(hold) = &failure.error => {
                (Some(hold.hash.clone()), None)
            }
            Err(error) => (None, Some(error.to_string())),
            Ok(_) => (None, None),
        };
        let wait = backoff.after(ended.map(drop), usual, "sync")?;
        let wait = if wait < usual { jittered(wait, random).min(usual) } else { wait };
        due = Due::after(wait, clock, schedule);
        let until = due.wall;
        activity = match (held, why) {
            (Some(hash), _) => Activity::Held { hash, until },
            (_, Some(why)) => Activity::Failed { why, until },
            _ => Activity::Waiting { until },
        };
    }
}

fn later(wall: Timestamp, wait: Duration) -> Timestamp {
    jiff::SignedDuration::try_from(wait).ok().and_then(|wait| wall.checked_add(wait).ok()).unwrap_or(Timestamp::MAX)
}

/// When the next sync is due.
struct Due {
    monotonic: Duration,
    wall: Timestamp,
    /// A time of day, which the machine may sleep through; otherwise an interval.
    by_wall: bool,
}

impl Due {
    fn after(wait: Duration, clock: &dyn Clock, schedule: &Schedule) -> Self {
        let by_wall = matches!(schedule.sync, SyncTime::At(_));
        Due { monotonic: clock.now().saturating_add(wait), wall: later(clock.wall(), wait), by_wall }
    }

    fn left(&self, clock: &dyn Clock) -> Duration {
        if self.by_wall {
            return Duration::try_from(self.wall.duration_since(clock.wall())).unwrap_or(Duration::ZERO);
        }
        self.monotonic.saturating_sub(clock.now())
    }
}

/// Why a wait has ended.
#[derive(PartialEq)]
enum Woken {
    Due,
    Asked,
}

/// Waits until it is due, or somebody asks for a sync, or the connector is stopped.
async fn wait_for<S: Send + Sync + 'static>(
    attached: &Attached<S>,
    due: &Due,
    stop: &CancellationToken,
) -> Result<Woken, JournalError> {
    let clock = &*attached.clock;
    loop {
        let left = due.left(clock);
        if left.is_zero() {
            return Ok(Woken::Due);
        }
        tokio::select! {
            () = stop.cancelled() => return Ok(Woken::Due),
            () = clock.sleep(left.min(COMMANDS_EVERY)) => {}
        }
        if attached.journal.take_commands().await?.contains(&Command::Sync) {
            return Ok(Woken::Asked);
        }
    }
}

async fn poll_loop<S: Send + Sync + 'static>(
    attached: &Attached<S>,
    schedule: &Schedule,
    stop: &CancellationToken,
) -> Result<(), ConnectorError> {
    let (mut backoff, mut idle) = (Backoff::default(), schedule.poll_busy);
    while !stop.is_cancelled() {
        let round = attached.tasks_once(stop).await;
        if let Ok(round) = &round {
            idle = if round.pending > 0 { schedule.poll_busy } else { (idle * 2).min(schedule.poll_idle) };
        }
        let wait = backoff.after(round.map(drop), idle, "round of tasks")?;
        tokio::select! {
            () = stop.cancelled() => {}
            () = attached.clock.sleep(wait) => {}
        }
    }
    Ok(())
}

/// How often in a row something has failed.
#[derive(Default)]
struct Backoff {
    failures: u32,
}

impl Backoff {
    /// The wait after a turn that ended so. A journal that fails ends the connector: without it nothing is safe.
    fn after(
        &mut self,
        turn: Result<(), ConnectorError>,
        usual: Duration,
        what: &str,
    ) -> Result<Duration, ConnectorError> {
        let Err(error) = turn else {
            self.failures = 0;
            return Ok(usual);
        };
        let wait = match Exit::of(&error) {
            Exit::Journal => return Err(error),
            Exit::Interrupted => return Ok(usual),
            Exit::Held => usual,
            Exit::Refused => usual.max(REFUSED_WAIT),
            _ => (FIRST_WAIT * 2_u32.saturating_pow(self.failures.min(10))).min(usual.max(FIRST_WAIT)),
        };
        self.failures += 1;
        tracing::error!(hint = error.hint(), "the {what} failed: {error}");
        tracing::info!("the next {what} in {wait:.0?}");
        Ok(wait)
    }
}
