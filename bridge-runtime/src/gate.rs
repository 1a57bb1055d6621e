//! The gate between tasks and the completing of a session.
//!
//! An account that a task changes after the source was read stands in no pushed page, and completing might take it for
//! gone (question P4 in reliability.md). So while a session is completed, no task runs.

use std::{sync::Arc, time::Duration};

use tokio::sync::{OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock};

use crate::clock::Clock;

/// Lets tasks through, any number at once, until it is closed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Gate(Arc<RwLock<()>>);

/// A task that is being carried out, until what it did is in the journal.
#[derive(Debug)]
pub(crate) struct Passing {
    _open: OwnedRwLockReadGuard<()>,
}

/// The witness that no task runs. Dropped, the gate is open again.
#[derive(Debug)]
pub(crate) struct Closed {
    _closed: OwnedRwLockWriteGuard<()>,
}

impl Gate {
    /// Waits while the gate is closed, or about to be.
    pub(crate) async fn pass(&self) -> Passing {
        Passing { _open: Arc::clone(&self.0).read_owned().await }
    }

    /// Lets nobody in any more and waits for those inside, at most `patience`; `None` if they did not end by then, and
    /// the gate is open as before.
    pub(crate) async fn close(&self, clock: &dyn Clock, patience: Duration) -> Option<Closed> {
        tokio::select! {
            biased;
            // The lock is fair: whoever comes after this waits behind it.
            closed = Arc::clone(&self.0).write_owned() => Some(Closed { _closed: closed }),
            () = clock.sleep(patience) => None,
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
        let (gate, clock) = (Gate::default(), SystemClock::new());
        let inside = gate.pass().await;
        let closing = tokio::spawn({
            let gate = gate.clone();
            async move { gate.close(&clock, 60 * SECOND).await }
        });
        tokio::time::sleep(SECOND).await;
        let waiting = tokio::spawn({
            let gate = gate.clone();
            async move { gate.pass().await }
        });
        tokio::time::sleep(SECOND).await;
        assert!(!closing.is_finished() && !waiting.is_finished());
        drop(inside);
        let closed = closing.await.unwrap().expect("nobody is inside");
        tokio::time::sleep(SECOND).await;
        assert!(!waiting.is_finished());
        drop(closed);
        waiting.await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn one_who_does_not_end_keeps_it_open() {
        let (gate, clock) = (Gate::default(), SystemClock::new());
        let _inside = gate.pass().await;
        assert!(gate.close(&clock, 60 * SECOND).await.is_none());
        gate.pass().await;
    }
}
