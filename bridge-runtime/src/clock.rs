//! Time, as a seam: engines never ask the system themselves, so that a simulation can own time.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

/// Tells the time and waits.
///
/// After `sleep(d)` has returned, [`now`](Self::now) has grown by at least `d`; loops rely on it.
#[async_trait]
pub trait Clock: Send + Sync + 'static {
    /// Monotonic time since a start that means nothing by itself. Only differences count, and they never run back.
    fn now(&self) -> Duration;

    /// Waits. Dropping the future ends the wait.
    async fn sleep(&self, duration: Duration);

    /// The wall clock. For stamps that people read and that outlive the process; never to be compared with a time that
    /// a server sent. A simulation overrides it.
    fn wall(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// The system's time, through tokio (and so through tokio's paused time in tests).
#[derive(Debug, Clone, Copy)]
pub struct SystemClock {
    start: tokio::time::Instant,
}

impl SystemClock {
    /// A clock whose `now` begins at zero.
    pub fn new() -> Self {
        Self { start: tokio::time::Instant::now() }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl Clock for SystemClock {
    fn now(&self) -> Duration {
        self.start.elapsed()
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_sleep_moves_now() {
        let clock = SystemClock::new();
        clock.sleep(Duration::from_secs(3)).await;
        assert!(clock.now() >= Duration::from_secs(3));
    }
}
