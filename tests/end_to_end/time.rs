//! Time in tests: clocks that are faster than the world, and places to wait at.

use std::{
    sync::atomic::{AtomicI64, AtomicU64, Ordering},
    time::Duration,
};

use iden_bridge::clock::{Clock, SystemClock};
use tokio_util::sync::CancellationToken;

/// Twenty times as fast as the world: waits pass, and handlers still have time to run.
pub struct HasteClock(pub SystemClock);

impl HasteClock {
    pub const FACTOR: u32 = 20;
}

#[async_trait::async_trait]
impl Clock for HasteClock {
    fn now(&self) -> Duration {
        self.0.now() * Self::FACTOR
    }

    async fn sleep(&self, duration: Duration) {
        // Rounded up, so that `now` has grown by `duration` afterwards.
        self.0.sleep(duration / Self::FACTOR + Duration::from_micros(100)).await;
    }
}

/// The hasty clock. Hours can pass, and its wall clock can be set.
pub struct DayClock {
    haste: HasteClock,
    passed: AtomicU64,
    set: AtomicI64,
}

impl Default for DayClock {
    fn default() -> Self {
        DayClock { haste: HasteClock(SystemClock::new()), passed: AtomicU64::new(0), set: AtomicI64::new(0) }
    }
}

impl DayClock {
    pub fn pass(&self, hours: u64) {
        self.passed.fetch_add(hours, Ordering::SeqCst);
    }

    pub fn set_forward(&self, hours: i64) {
        self.set.fetch_add(hours, Ordering::SeqCst);
    }

    fn passed(&self) -> Duration {
        Duration::from_secs(self.passed.load(Ordering::SeqCst) * 60 * 60)
    }
}

#[async_trait::async_trait]
impl Clock for DayClock {
    fn now(&self) -> Duration {
        self.haste.now() + self.passed()
    }

    async fn sleep(&self, duration: Duration) {
        self.haste.sleep(duration).await;
    }

    fn wall(&self) -> jiff::Timestamp {
        jiff::Timestamp::now() + self.passed() + jiff::SignedDuration::from_hours(self.set.load(Ordering::SeqCst))
    }
}

/// A place where what is tested waits for the test.
#[derive(Clone, Debug, Default)]
pub struct Stop {
    there: CancellationToken,
    go: CancellationToken,
}

impl Stop {
    pub async fn wait(&self) {
        self.there.cancel();
        self.go.cancelled().await;
    }

    pub async fn reached(&self) {
        tokio::time::timeout(Duration::from_secs(60), self.there.cancelled()).await.expect("it comes that far");
    }

    pub fn go_on(&self) {
        self.go.cancel();
    }
}
