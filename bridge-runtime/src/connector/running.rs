//! The two loops of a running connector.

use std::time::Duration;

use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use super::{Attached, ConnectorError, Exit, Schedule, SyncTime, schedule::jittered};
use crate::{
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
    let Some(mut wait) = schedule.first_sync(clock.wall()) else {
        journal.set_status(&Status::new(Activity::TasksOnly, clock.wall())).await?;
        return stop_of(stop).await;
    };
    let mut activity = Activity::Waiting { until: clock.wall() };
    loop {
        if !wait.is_zero() {
            let until = later(clock.wall(), wait);
            set_until(&mut activity, until);
            journal.set_status(&Status::new(activity, clock.wall())).await?;
            tracing::info!("waiting until {until:.0} for the next sync");
            if let Due::Asked = wait_for(attached, wait, stop).await? {
                tracing::info!("a sync was asked for");
            }
        }
        if stop.is_cancelled() {
            return Ok(());
        }
        let ended = attached.sync(stop).await;
        let usual = schedule.next_sync(clock.wall(), random).unwrap_or(Duration::MAX);
        activity = match &ended {
            Ok(_) => Activity::Waiting { until: clock.wall() },
            Err(ConnectorError::Sync(failure)) if let SyncError::Held(hold) = &failure.error => {
                Activity::Held { hash: hold.hash.clone(), until: clock.wall() }
            }
            Err(error) => Activity::Failed { why: error.to_string(), until: clock.wall() },
        };
        wait = backoff.after(ended.map(drop), usual, "sync")?;
        if wait != usual {
            wait = jittered(wait, random);
        }
        if matches!(schedule.sync, SyncTime::At(_)) {
            wait = wait.min(usual);
        }
    }
}

fn later(wall: Timestamp, wait: Duration) -> Timestamp {
    jiff::SignedDuration::try_from(wait).ok().and_then(|wait| wall.checked_add(wait).ok()).unwrap_or(Timestamp::MAX)
}

fn set_until(activity: &mut Activity, time: Timestamp) {
    match activity {
        Activity::Waiting { until } | Activity::Held { until, .. } | Activity::Failed { until, .. } => *until = time,
        _ => {}
    }
}

/// Why a wait has ended.
enum Due {
    Time,
    Asked,
}

/// Waits so long, or until somebody asks for a sync, or the connector is stopped.
async fn wait_for<S: Send + Sync + 'static>(
    attached: &Attached<S>,
    wait: Duration,
    stop: &CancellationToken,
) -> Result<Due, JournalError> {
    let clock = &attached.clock;
    let end = clock.now().saturating_add(wait);
    loop {
        let left = end.saturating_sub(clock.now());
        if left.is_zero() {
            return Ok(Due::Time);
        }
        tokio::select! {
            () = stop.cancelled() => return Ok(Due::Time),
            () = clock.sleep(left.min(COMMANDS_EVERY)) => {}
        }
        if attached.journal.take_commands().await?.contains(&Command::Sync) {
            return Ok(Due::Asked);
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
