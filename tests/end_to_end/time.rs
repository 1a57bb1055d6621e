//! Time in tests: clocks that are faster than the world, and places to wait at.

use std::{
    sync::atomic::{AtomicI64, Ordering},
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

/// The hasty clock, with a wall clock that can be set forward.
pub struct DayClock {
    haste: HasteClock,
    hours: AtomicI64,
}

impl Default for DayClock {
    fn default() -> Self {
        DayClock { haste: HasteClock(SystemClock::new()), hours: AtomicI64::new(0) }
    }
}

impl DayClock {
    pub fn set_forward(&self, hours: i64) {
        self.hours.fetch_add(hours, Ordering::SeqCst);
    }
}

#[async_trait::async_trait]
impl Clock for DayClock {
    fn now(&self) -> Duration {
        self.haste.now()
    }

    async fn sleep(&self, duration: Duration) {
        self.haste.sleep(duration).await;
    }

    fn wall(&self) -> jiff::Timestamp {
        jiff::Timestamp::now() + jiff::SignedDuration::from_hours(self.hours.load(Ordering::SeqCst))
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
