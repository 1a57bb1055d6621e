//! The loop of a running connector.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::{Attached, ConnectorError, Exit};

/// How often a running connector syncs and polls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Schedule {
    /// From the end of one sync to the start of the next, give or take a tenth; `None` for no syncs.
    pub sync_every: Option<Duration>,
    /// From one poll to the next while tasks come.
    pub poll_busy: Duration,
    /// From one poll to the next when none have come for a while.
    pub poll_idle: Duration,
}

impl Default for Schedule {
    fn default() -> Self {
        Schedule {
            sync_every: Some(Duration::from_secs(60 * 60)),
            poll_busy: Duration::from_secs(10),
            poll_idle: Duration::from_secs(60),
        }
    }
}

impl Schedule {
    /// Syncs this often.
    #[must_use]
    pub fn sync_every(mut self, every: Duration) -> Self {
        self.sync_every = Some(every);
        self
    }

    /// Carries out tasks and nothing else.
    #[must_use]
    pub fn without_syncs(mut self) -> Self {
        self.sync_every = None;
        self
    }
}

/// The first wait after a failure; it doubles with each failure in a row.
const FIRST_WAIT: Duration = Duration::from_secs(30);
/// How long to wait when Iden refuses the key: nothing gets better by asking often.
const REFUSED_WAIT: Duration = Duration::from_secs(5 * 60);

/// Syncs and rounds of tasks take turns in one loop: an account that a task creates in mid-session stands in no pushed
/// page, and completing might remove it again (question P4 in reliability.md).
pub(super) async fn run<S: Send + Sync + 'static>(
    attached: &Attached<S>,
    schedule: &Schedule,
    stop: &CancellationToken,
) -> Result<(), ConnectorError> {
    let clock = &attached.clock;
    let polls = attached.has_tasks();
    if !polls {
        tracing::info!("this connector has no task handlers: it does not poll");
    }
    let mut sync = schedule.sync_every.map(|every| Turn::new(every, clock.now()));
    let mut poll = polls.then(|| Turn::new(schedule.poll_busy, clock.now()));
    while !stop.is_cancelled() {
        if let Some(turn) = sync.as_mut().filter(|turn| turn.is_due(clock.now())) {
            let wait = turn.after(attached.sync(stop).await.map(|_| turn.usual), "sync")?;
            let wait = wait.mul_f64(0.9 + 0.2 * attached.random.unit());
            turn.next = clock.now() + wait;
            tracing::info!("waiting {wait:.0?} for the next sync");
        }
        if let Some(turn) = poll.as_mut().filter(|turn| turn.is_due(clock.now()) && !stop.is_cancelled()) {
            let usual = |pending| {
                if pending > 0 { schedule.poll_busy } else { (turn.usual * 2).min(schedule.poll_idle) }
            };
            let round = attached.tasks_once(stop).await.map(|round| usual(round.pending));
            turn.next = clock.now() + turn.after(round, "round of tasks")?;
        }
        let Some(next) = [&sync, &poll].into_iter().flatten().map(|turn| turn.next).min() else { break };
        tokio::select! {
            () = stop.cancelled() => {}
            () = clock.sleep(next.saturating_sub(clock.now())) => {}
        }
    }
    tracing::info!("stopped");
    Ok(())
}

/// When one of the two is due next.
struct Turn {
    next: Duration,
    usual: Duration,
    failures: u32,
}

impl Turn {
    fn new(usual: Duration, now: Duration) -> Self {
        Turn { next: now, usual, failures: 0 }
    }

    fn is_due(&self, now: Duration) -> bool {
        now >= self.next
    }

    /// The wait after a turn that ended so. A journal that fails ends the connector: without it nothing is safe.
    fn after(&mut self, turn: Result<Duration, ConnectorError>, what: &str) -> Result<Duration, ConnectorError> {
        let error = match turn {
            Ok(usual) => {
                (self.usual, self.failures) = (usual, 0);
                return Ok(usual);
            }
            Err(error) => error,
        };
        let wait = match Exit::of(&error) {
            Exit::Journal => return Err(error),
            Exit::Interrupted => return Ok(Duration::ZERO),
            Exit::Held => self.usual,
            Exit::Refused => self.usual.max(REFUSED_WAIT),
            _ => (FIRST_WAIT * 2_u32.saturating_pow(self.failures.min(10))).min(self.usual.max(FIRST_WAIT)),
        };
        self.failures += 1;
        tracing::error!(hint = error.hint(), "the {what} failed: {error}");
        tracing::info!("the next {what} in {wait:.0?}");
        Ok(wait)
    }
}
