//! Time: tokio's paused clock, and a wall clock of its own that can jump.

use std::{sync::Arc, time::Duration};

use iden_bridge::clock::Clock;
use jiff::{SignedDuration, Timestamp};

use crate::stage::Stage;

/// The clock of one process: `now` starts at zero with it, and stands still while the machine sleeps.
pub struct ProcessClock {
    stage: Arc<Stage>,
    start: tokio::time::Instant,
}

impl ProcessClock {
    pub fn new(stage: Arc<Stage>) -> Self {
        ProcessClock { stage, start: tokio::time::Instant::now() }
    }
}

#[async_trait::async_trait]
impl Clock for ProcessClock {
    fn now(&self) -> Duration {
        self.start.elapsed()
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }

    fn wall(&self) -> Timestamp {
        let state = self.stage.look();
        stamp(state.clock()) + SignedDuration::from_secs(state.wall_is_off_by)
    }
}

/// The true time, by which Iden stamps.
pub fn stamp(at: Duration) -> Timestamp {
    const BEGIN: i64 = 1_790_000_000;
    Timestamp::from_second(BEGIN).unwrap() + SignedDuration::try_from(at).unwrap()
}
