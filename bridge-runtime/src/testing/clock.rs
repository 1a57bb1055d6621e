//! A clock that goes on by what was waited for, and by nothing else: a test sees the wait that a handler asked for to the
//! nanosecond.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use async_trait::async_trait;

use crate::clock::{Clock, SystemClock};

/// Waits by tokio's time, so that a test may pause it.
#[derive(Debug, Default)]
pub(super) struct WaitClock {
    waits: SystemClock,
    /// In nanoseconds: enough for 500 years.
    now: AtomicU64,
}

#[async_trait]
impl Clock for WaitClock {
    fn now(&self) -> Duration {
        Duration::from_nanos(self.now.load(Ordering::Relaxed))
    }

    async fn sleep(&self, duration: Duration) {
        self.waits.sleep(duration).await;
        let waited = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        self.now.fetch_add(waited, Ordering::Relaxed);
    }
}
