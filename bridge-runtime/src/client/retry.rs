//! The one table of retries: which outcome of which call is repeated, how often, and after how long.
//!
//! Sources: protocol.md section 7 (what a lost answer means) and reliability.md section 4.4. Whether a retry can be
//! paid for is up to `budget.rs`. Nothing else retries: reqwest's own retries are off, and the engines only decide what
//! a *failed call* means. (That `http.rs` tries a new API key once after 401 or 403 is no retry in this sense.)

use std::time::Duration;

use super::{Call, ErrorKind};
use crate::random::Random;

/// First upper bound of a wait; it doubles with each attempt.
const BASE: Duration = Duration::from_millis(50);
/// The same where the server asks for less load.
const THROTTLED_BASE: Duration = Duration::from_secs(1);
/// No bound grows beyond this.
const CAP: Duration = Duration::from_secs(20);
/// The longest `Retry-After` that is believed. A longer one would turn a wrong header into an outage.
pub(super) const LONGEST_PAUSE: Duration = Duration::from_secs(600);

/// Outcomes of an attempt, as far as repeating it is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The request surely never left.
    NotSent,
    /// Timed out, or the connection broke.
    Lost,
    /// 429 or 503: less load, please.
    Throttled,
    /// 502 or 504: something in between failed, the request may have arrived.
    Gateway,
    /// 500, or another 5xx.
    ServerFault,
    /// A success that cannot be read: perhaps a page of something in between.
    Garbled,
    /// Everything that would only happen again: 4xx, redirects, an answer that is too large.
    Final,
}

impl Outcome {
    pub(super) fn of(kind: &ErrorKind) -> Self {
        match kind {
            ErrorKind::Unreachable { .. } => Self::NotSent,
            ErrorKind::TimedOut { .. } | ErrorKind::Lost { .. } => Self::Lost,
            ErrorKind::Refused { status: 429 | 503, .. } => Self::Throttled,
            ErrorKind::Refused { status: 502 | 504, .. } => Self::Gateway,
            ErrorKind::Refused { status: 500.., .. } => Self::ServerFault,
            ErrorKind::Unreadable { .. } => Self::Garbled,
            ErrorKind::Refused { .. }
            | ErrorKind::Redirected { .. }
            | ErrorKind::TooLarge
            | ErrorKind::Invalid { .. }
            | ErrorKind::Paused { .. } => Self::Final,
        }
    }
}

/// How many attempts `call` may have in all when the last one ended with `outcome`.
pub(super) fn attempts(call: Call, outcome: Outcome) -> u32 {
    match (call, outcome) {
        (_, Outcome::Final) => 1,
        (_, Outcome::NotSent) => 6,
        // A second app cannot be taken back. Only a request that never left is certain to have made none.
        (Call::CreateApp, _) => 1,
        // The one call that removes people. The engine reads the session's progress and looks at its plan again before
        // it repeats this.
        (Call::CompleteSync, _) => 1,
        // Each may leave an orphan session behind: harmless, as nothing completes it, but there should be few.
        (Call::StartSync, Outcome::Lost | Outcome::Gateway) => 3,
        // Perhaps one record makes the server stumble, or the address is wrong: it will not pass by waiting long.
        (_, Outcome::ServerFault | Outcome::Garbled) => 3,
        // Reads, upserts by id, and calls whose repetition is answered with 409 or 404.
        (_, Outcome::Lost | Outcome::Throttled | Outcome::Gateway) => 6,
    }
}

/// How long to wait after the attempt with this number, which starts at 1.
///
/// Full jitter: anything up to a bound that doubles, so that many connectors do not come back at the same moment. The
/// server's `Retry-After` is a lower limit, and is itself limited to 10 minutes.
pub(super) fn wait(outcome: Outcome, attempt: u32, retry_after: Option<Duration>, random: &dyn Random) -> Duration {
    let base = if outcome == Outcome::Throttled { THROTTLED_BASE } else { BASE };
    let bound = base.saturating_mul(1 << attempt.saturating_sub(1).min(16)).min(CAP);
    let backoff = bound.mul_f64(random.unit().clamp(0.0, 1.0));
    retry_after.map_or(backoff, |asked| asked.min(LONGEST_PAUSE).max(backoff))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::testing::Half;

    const OUTCOMES: [Outcome; 7] = [
        Outcome::NotSent,
        Outcome::Lost,
        Outcome::Throttled,
        Outcome::Gateway,
        Outcome::ServerFault,
        Outcome::Garbled,
        Outcome::Final,
    ];

    /// The table, written a second time by hand from protocol.md section 7 and reliability.md section 4.4.
    #[test]
    fn the_table_is_the_documented_one() {
        for call in Call::ALL {
            let expected = match call {
                Call::CreateApp | Call::CompleteSync => [6, 1, 1, 1, 1, 1, 1],
                Call::StartSync => [6, 3, 6, 3, 3, 3, 1],
                _ => [6, 6, 6, 6, 3, 3, 1],
            };
            assert_eq!(OUTCOMES.map(|outcome| attempts(call, outcome)), expected, "{call}");
        }
    }

    #[test]
    fn statuses_fall_into_the_right_row() {
        let of = |status| Outcome::of(&ErrorKind::Refused { status, body: Default::default(), retry_after: None });
        assert!([400, 401, 403, 404, 408, 409, 418, 422, 499].into_iter().all(|status| of(status) == Outcome::Final));
        assert!([429, 503].into_iter().all(|status| of(status) == Outcome::Throttled));
        assert!([502, 504].into_iter().all(|status| of(status) == Outcome::Gateway));
        assert!([500, 501, 507, 520, 599].into_iter().all(|status| of(status) == Outcome::ServerFault));
    }

    #[test]
    fn waits_double_to_a_bound_and_respect_the_server() {
        let wait = |outcome, attempt, asked: Option<u64>| {
            wait(outcome, attempt, asked.map(Duration::from_secs), &Half).as_millis()
        };
        assert_eq!([1, 2, 3, 4, 5].map(|attempt| wait(Outcome::Lost, attempt, None)), [25, 50, 100, 200, 400]);
        assert_eq!([1, 2, 5, 6, 40].map(|n| wait(Outcome::Throttled, n, None)), [500, 1000, 8000, 10_000, 10_000]);
        assert_eq!(wait(Outcome::Throttled, 1, Some(0)), 500);
        assert_eq!(wait(Outcome::Throttled, 1, Some(7)), 7000);
        assert_eq!(wait(Outcome::Throttled, 1, Some(u64::MAX)), 600_000);
    }
}
