//! The two loops of a running connector.

use std::{future::Future, time::Duration};

use jiff::Timestamp;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::{Attached, ConnectorError, Exit, Schedule, next_sync::NextSync, schedule::jittered};
use crate::{
    caught,
    clock::Clock,
    journal::{Activity, Command, Journal, TaskState},
    planted::Bug,
    sync::SyncError,
    tasks::Polling,
};

/// The first wait after a failure; it doubles with each failure in a row.
const FIRST_WAIT: Duration = Duration::from_secs(30);
/// How long to wait when Iden refuses the key: nothing gets better by asking often.
const REFUSED_WAIT: Duration = Duration::from_secs(5 * 60);
/// So many times as long as they were kept waiting for nothing, tasks go on before the next sync.
const TASKS_GO_ON: u32 = 10;
/// How often the journal is asked whether somebody wants something now.
const COMMANDS_EVERY: Duration = Duration::from_secs(1);
/// How long everything together may take to end: a service manager waits for 30 s or longer. Each part has limits of its
/// own: 20 s for a handler, 2 s for one that was cut off, 5 s for a report.
const STOPPED_WITHIN: Duration = Duration::from_secs(28);

/// What the commands beside a running connector ask for.
#[derive(Default)]
struct Asked {
    sync: Notify,
    tasks: Notify,
}

/// Syncs and carries out tasks, side by side, until `stop`; the gate keeps tasks from changing accounts while a session is
/// completed.
pub(super) async fn run<S: Send + Sync + 'static>(
    attached: &Attached<S>,
    schedule: &Schedule,
    stop: &CancellationToken,
) -> Result<(), ConnectorError> {
    let stop = if Bug::StopIsNotHeard.is_planted() { CancellationToken::new() } else { stop.child_token() };
    let asked = Asked::default();
    attached.meter.begin();
    // What was asked before this process came is not meant for it.
    attached.journal.take_commands().await?;
    // One that cannot go on stops the others in good order.
    let syncs = async {
        let _stop_the_others = stop.clone().drop_guard();
        without_end(attached, "sync loop", &stop, || sync_loop(attached, schedule, &asked.sync, &stop)).await
    };
    let polls = async {
        if !attached.has_tasks() {
            tracing::info!("this connector has no task handlers: it does not poll");
            return stop_of(&stop).await;
        }
        let _stop_the_others = stop.clone().drop_guard();
        without_end(attached, "task loop", &stop, || poll_loop(attached, schedule, &asked.tasks, &stop)).await
    };
    let commands = async {
        let _stop_the_others = stop.clone().drop_guard();
        without_end(attached, "command loop", &stop, || listen(attached, &asked, &stop)).await
    };
    let too_long = async {
        stop.cancelled().await;
        attached.meter.stop();
        attached.clock.sleep(STOPPED_WITHIN).await;
    };
    let ended = tokio::select! {
        biased;
        (synced, polled, listened) = async { tokio::join!(syncs, polls, commands) } => Some(synced.and(polled).and(listened)),
        () = too_long => None,
    };
    // Also where they have ended before anybody could look.
    attached.meter.stop();
    attached.say(Activity::Stopped).await?;
    let in_time = ended.is_some();
    ended.unwrap_or(Ok(()))?;
    drained(&*attached.journal, in_time).await?;
    tracing::info!("stopped");
    Ok(())
}

/// Whether anything is left that the next start has to take up.
async fn drained(journal: &dyn Journal, in_time: bool) -> Result<(), ConnectorError> {
    let (mut cut_off, mut unreported) = (0, 0);
    for task in journal.open_tasks().await? {
        match task.state {
            TaskState::Executed => unreported += 1,
            // It waits for a person, whether the connector runs or not.
            TaskState::Parked => {}
            _ => cut_off += 1,
        }
    }
    if in_time && cut_off == 0 && unreported == 0 {
        return Ok(());
    }
    Err(ConnectorError::Undrained { cut_off, unreported, in_time })
}

/// Runs a loop, and starts it again after a panic: the other apps of the fleet must not end with it. Syncs and rounds that
/// panic are failures for the loop; this is for a panic in the loop itself.
async fn without_end<S, F>(
    attached: &Attached<S>,
    part: &'static str,
    stop: &CancellationToken,
    start: impl Fn() -> F,
) -> Result<(), ConnectorError>
where
    S: Send + Sync + 'static,
    F: Future<Output = Result<(), ConnectorError>>,
{
    let mut backoff = Backoff::default();
    loop {
        if let Some(ended) = caught::part(start()).await {
            return ended;
        }
        let wait = backoff.after(Err(ConnectorError::Panicked { part }), REFUSED_WAIT, part)?;
        tokio::select! {
            biased;
            () = stop.cancelled() => return Ok(()),
            () = attached.clock.sleep(wait) => {}
        }
    }
}

/// Looks for what the commands beside this connector ask for.
async fn listen<S: Send + Sync + 'static>(
    attached: &Attached<S>,
    asked: &Asked,
    stop: &CancellationToken,
) -> Result<(), ConnectorError> {
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => return Ok(()),
            () = attached.clock.sleep(COMMANDS_EVERY) => {}
        }
        attached.meter.beat();
        for command in attached.journal.take_commands().await? {
            match command {
                Command::Sync => asked.sync.notify_one(),
                Command::Tasks => asked.tasks.notify_one(),
            }
        }
    }
}

async fn stop_of(stop: &CancellationToken) -> Result<(), ConnectorError> {
    stop.cancelled().await;
    Ok(())
}

async fn sync_loop<S: Send + Sync + 'static>(
    attached: &Attached<S>,
    schedule: &Schedule,
    asked: &Notify,
    stop: &CancellationToken,
) -> Result<(), ConnectorError> {
    let (clock, random) = (&*attached.clock, &*attached.random);
    let mut backoff = Backoff::default();
    let Some(mut next) = NextSync::first(schedule, clock) else {
        attached.say(Activity::TasksOnly).await?;
        return stop_of(stop).await;
    };
    let mut last = LastSync::Good;
    loop {
        while !next.left(clock).is_zero() {
            attached.say(last.waiting(next.time())).await?;
            tracing::info!("waiting until {:.0} for the next sync", next.time());
            match wait_for(clock, &mut next, asked, stop).await {
                Woken::Due => break,
                Woken::Asked => {
                    tracing::info!("a sync was asked for");
                    break;
                }
                Woken::ClockSet => tracing::warn!("the clock was set"),
            }
        }
        if stop.is_cancelled() {
            return Ok(());
        }
        next.begins(clock);
        let ended = attached.sync_once(stop).await;
        last = LastSync::of(ended.as_ref().err());
        let usual = next.usual(clock, random);
        let wait = backoff.after(ended.map(drop), usual, "sync")?;
        let wait = if wait < usual { jittered(wait, random).min(usual) } else { wait };
        next.plan(wait, usual, clock);
    }
}

/// How the last sync ended, as `status` shows it.
enum LastSync {
    Good,
    Held(String),
    Failed(String),
}

impl LastSync {
    fn of(error: Option<&ConnectorError>) -> Self {
        match error {
            None => LastSync::Good,
            Some(ConnectorError::Sync(failure)) if let SyncError::Held(hold) = &failure.error => {
                LastSync::Held(hold.hash.clone())
            }
            Some(error) => LastSync::Failed(error.to_string()),
        }
    }

    fn waiting(&self, until: Timestamp) -> Activity {
        match self {
            LastSync::Good => Activity::Waiting { until },
            LastSync::Held(hash) => Activity::Held { hash: hash.clone(), until },
            LastSync::Failed(why) => Activity::Failed { why: why.clone(), until },
        }
    }
}

/// Why a wait has ended.
#[derive(PartialEq)]
enum Woken {
    Due,
    Asked,
    /// The next sync starts at another time by the wall clock.
    ClockSet,
}

/// Waits until the next sync starts, somebody asks for one, the connector is stopped, or the clock is set.
async fn wait_for(clock: &dyn Clock, next: &mut NextSync<'_>, asked: &Notify, stop: &CancellationToken) -> Woken {
    let time = next.time();
    loop {
        let left = next.left(clock);
        if left.is_zero() {
            return Woken::Due;
        }
        if next.time() != time {
            return Woken::ClockSet;
        }
        tokio::select! {
            biased;
            () = stop.cancelled() => return Woken::Due,
            () = asked.notified() => return Woken::Asked,
            // The wall clock may be set meanwhile.
            () = clock.sleep(left.min(COMMANDS_EVERY)) => {}
        }
    }
}

async fn poll_loop<S: Send + Sync + 'static>(
    attached: &Attached<S>,
    schedule: &Schedule,
    asked: &Notify,
    stop: &CancellationToken,
) -> Result<(), ConnectorError> {
    let (mut backoff, mut idle) = (Backoff::default(), schedule.poll_busy);
    while !stop.is_cancelled() {
        let worked = attached.work(stop, Polling { every: schedule.poll_busy, asked }).await;
        let mut due = None;
        if let Ok((came, next)) = worked {
            due = next;
            idle = if came { schedule.poll_busy } else { (idle * 2).min(schedule.poll_idle) };
        }
        let wait = backoff.after(worked.map(drop), idle, "round of tasks")?;
        let wait = due.map_or(wait, |due: Duration| wait.min(due.saturating_sub(attached.clock.now())));
        tokio::select! {
            biased;
            () = stop.cancelled() => {}
            () = asked.notified() => {}
            () = attached.clock.sleep(wait) => {}
        }
    }
    Ok(())
}

/// How long tasks were kept waiting in vain.
fn kept_tasks_waiting(error: &ConnectorError) -> Duration {
    match error {
        ConnectorError::Sync(failed) if let SyncError::TasksUnderWay { waited } = failed.error => waited,
        _ => Duration::ZERO,
    }
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
            _ => {
                let longer = FIRST_WAIT * 2_u32.saturating_pow(self.failures.min(10));
                longer.max(kept_tasks_waiting(&error) * TASKS_GO_ON).min(usual.max(FIRST_WAIT))
            }
        };
        self.failures += 1;
        tracing::error!(hint = error.hint(), "the {what} failed: {error}");
        tracing::info!("the next {what} in {wait:.0?}");
        Ok(wait)
    }
}
