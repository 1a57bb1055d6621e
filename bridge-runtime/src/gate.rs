//! The gate between tasks and the completing of a session.
//!
//! An account that a task changes after the source was read stands in no pushed page, and completing might take it for
//! gone (question P4 in reliability.md). So while a session is completed, no task runs.

use std::{sync::Arc, time::Duration};

use tokio::sync::{OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock};

use crate::{clock::Clock, planted::Bug};

/// How long tasks may be kept waiting while a session is completed, unless a handler takes longer than that leaves it.
const BUDGET: Duration = Duration::from_secs(60);
/// How long they may at most, until `complete` is sent: one handler must not keep all others waiting for an hour. A session
/// that would have to is ended instead.
const MOST: Duration = Duration::from_secs(5 * 60);
/// What is left for reading again what tasks have touched, where a handler takes all the time that it has.
const LEFT: Duration = Duration::from_secs(10);

/// Lets tasks through, any number at once, until it is closed.
#[derive(Clone, Debug)]
pub(crate) struct Gate {
    lock: Arc<RwLock<()>>,
    /// Those that create accounts take this one first.
    creations: Arc<RwLock<()>>,
    /// Until `complete` is sent.
    budget: Duration,
    /// From then on.
    answer: Duration,
}

/// A task that is being carried out, until what it did is in the journal.
#[derive(Debug)]
pub(crate) struct Passing {
    _open: OwnedRwLockReadGuard<()>,
    _creates: Option<OwnedRwLockReadGuard<()>>,
}

/// The witness that no task creates an account. Dropped, they may again.
#[derive(Debug)]
pub(crate) struct CreationsHeld {
    _held: OwnedRwLockWriteGuard<()>,
}

/// The witness that no task runs. Dropped, the gate is open again.
#[derive(Debug)]
pub(crate) struct Closed {
    _closed: OwnedRwLockWriteGuard<()>,
    complete_by: Duration,
    until: Duration,
}

impl Closed {
    /// When `complete` has to be on its way. Sent later, it might still arrive beside the tasks that go on.
    pub(crate) fn complete_by(&self) -> Duration {
        self.complete_by
    }

    /// When tasks have waited long enough, whatever is known of the `complete` by then.
    pub(crate) fn until(&self) -> Duration {
        self.until
    }
}

impl Gate {
    /// A gate that is open. Whoever closes it waits for a handler at work, which may take as long as `longest`, and for the
    /// answer to `complete`, which may take as long as `answer`.
    pub(crate) fn new(longest: Duration, answer: Duration) -> Self {
        let budget = longest.saturating_add(LEFT).clamp(BUDGET.saturating_sub(answer), MOST);
        Gate { lock: Arc::default(), creations: Arc::default(), budget, answer }
    }

    /// Whether a task would have to wait now.
    pub(crate) fn is_closed(&self) -> bool {
        self.lock.try_read().is_err()
    }

    /// How long closing it and the proof may take.
    pub(crate) fn budget(&self) -> Duration {
        self.budget
    }

    /// How long reading again what tasks have touched may take, even if a handler takes all the time that it has.
    pub(crate) fn left_for_reading(&self) -> Duration {
        LEFT
    }

    /// Waits while the gate is closed, or about to be. `None`: a task that `creates` an account is to come again later.
    pub(crate) async fn pass(&self, creates: bool) -> Option<Passing> {
        if Bug::NoGate.is_planted() {
            return Some(Passing { _open: Arc::<RwLock<()>>::default().read_owned().await, _creates: None });
        }
        let creates = creates && !Bug::CreationsAreNotHeld.is_planted();
        let creates = if creates { Some(Arc::clone(&self.creations).try_read_owned().ok()?) } else { None };
        Some(Passing { _open: Arc::clone(&self.lock).read_owned().await, _creates: creates })
    }

    /// Has creations come again later, and waits for those inside; `None` if they did not end within the budget. Other tasks go
    /// on.
    pub(crate) async fn hold_creations(&self, clock: &dyn Clock) -> Option<CreationsHeld> {
        tokio::select! {
            biased;
            held = Arc::clone(&self.creations).write_owned() => Some(CreationsHeld { _held: held }),
            () = clock.sleep(self.budget) => None,
        }
    }

    /// Lets nobody in any more and waits for those inside; `None` if they did not end within the budget, and the gate is
    /// open as before.
    pub(crate) async fn close(&self, clock: &dyn Clock) -> Option<Closed> {
        let complete_by = clock.now().saturating_add(self.budget);
        let answer = if Bug::GateHasNoEnd.is_planted() { self.answer * 20 } else { self.answer };
        let until = complete_by.saturating_add(answer);
        tokio::select! {
            biased;
            // The lock is fair: whoever comes after this waits behind it.
            closed = Arc::clone(&self.lock).write_owned() => Some(Closed { _closed: closed, complete_by, until }),
            () = clock.sleep(self.budget) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemClock;

    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn closing_waits_for_those_inside_and_keeps_others_out() {
        let (gate, clock) = (Gate::new(SECOND, SECOND), SystemClock::new());
        let inside = gate.pass(false).await;
        let closing = tokio::spawn({
            let gate = gate.clone();
            async move { gate.close(&clock).await }
        });
        tokio::time::sleep(SECOND).await;
        assert!(gate.is_closed(), "nobody is let in any more");
        let waiting = tokio::spawn({
            let gate = gate.clone();
            async move { gate.pass(false).await }
        });
        tokio::time::sleep(SECOND).await;
        assert!(!closing.is_finished() && !waiting.is_finished());
        drop(inside);
        let closed = closing.await.unwrap().expect("nobody is inside");
        tokio::time::sleep(SECOND).await;
        assert!(!waiting.is_finished());
        drop(closed);
        waiting.await.unwrap();
        assert!(!gate.is_closed());
    }

    #[tokio::test(start_paused = true)]
    async fn one_who_does_not_end_keeps_it_open() {
        let (gate, clock) = (Gate::new(SECOND, SECOND), SystemClock::new());
        let _inside = gate.pass(false).await;
        assert!(gate.close(&clock).await.is_none());
        gate.pass(false).await;
    }

    #[tokio::test(start_paused = true)]
    async fn tasks_wait_for_a_minute_at_most_the_answer_to_complete_included() {
        let clock = SystemClock::new();
        let gate = Gate::new(18 * SECOND, 30 * SECOND);
        let start = clock.now();
        let closed = gate.close(&clock).await.expect("nobody is inside");
        assert_eq!((closed.complete_by() - start, closed.until() - start), (30 * SECOND, 60 * SECOND));
    }

    #[tokio::test(start_paused = true)]
    async fn creations_are_held_while_other_tasks_go_on() {
        let (gate, clock) = (Gate::new(SECOND, SECOND), SystemClock::new());
        let inside = gate.pass(true).await;
        assert!(gate.hold_creations(&clock).await.is_none(), "one is at work");
        drop(inside);
        let held = gate.hold_creations(&clock).await.expect("none is at work");
        assert!(gate.pass(true).await.is_none());
        assert!(gate.pass(false).await.is_some());
        assert!(!gate.is_closed());
        drop(held);
        assert!(gate.pass(true).await.is_some());
    }

    #[test]
    fn a_handler_that_may_take_long_is_waited_for_but_not_for_ever() {
        assert_eq!(Gate::new(30 * SECOND, 30 * SECOND).budget(), 40 * SECOND);
        assert_eq!(Gate::new(120 * SECOND, 30 * SECOND).budget(), 130 * SECOND);
        assert_eq!(Gate::new(3600 * SECOND, 30 * SECOND).budget(), 300 * SECOND);
    }
}
