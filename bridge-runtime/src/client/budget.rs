//! How many retries all calls of a client may make together.
//!
//! `retry.rs` bounds the attempts of one call. That is not enough when a server fails every call: six attempts each
//! would make six times the load just when it can bear the least. So retries are paid for from one purse, with the
//! figures of the AWS retry specification 2.1 (reliability.md section 4.4). It is full at the start, which is enough
//! for any short trouble; under a long one it runs empty, and each call then gets its one attempt.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use super::retry::Outcome;
use crate::planted::Bug;

/// What the purse holds at most.
const CAPACITY: u32 = 500;
/// The price of a retry.
const RETRY: u32 = 14;
/// The price where the server asks for less load: it is alive, and the waits are long already.
const THROTTLED_RETRY: u32 = 5;
/// What a call brings in that needed no retry.
pub(super) const FIRST_SUCCESS: u32 = 1;

/// What a retry after `outcome` costs. If it succeeds, this is what it gives back.
pub(super) fn price(outcome: Outcome) -> u32 {
    if outcome == Outcome::Throttled { THROTTLED_RETRY } else { RETRY }
}

/// The purse. Nothing else is ordered by it, so `Relaxed` will do.
pub(super) struct Budget {
    left: AtomicU32,
}

impl Default for Budget {
    fn default() -> Self {
        Self { left: AtomicU32::new(CAPACITY) }
    }
}

impl Budget {
    /// Pays all of `price`, or nothing. Whether it could.
    #[must_use]
    pub(super) fn pay(&self, price: u32) -> bool {
        Bug::RetriesAreFree.is_planted()
            || self.left.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(price)).is_ok()
    }

    /// Puts `amount` in, as far as it fits.
    pub(super) fn earn(&self, amount: u32) {
        let fill = |left: u32| Some(left.saturating_add(amount).min(CAPACITY));
        // Fails only where the closure says `None`.
        let _ = self.left.fetch_update(Relaxed, Relaxed, fill);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many retries after `outcome` can be paid for in a row.
    fn affordable(budget: &Budget, outcome: Outcome) -> usize {
        (0..1000).take_while(|_| budget.pay(price(outcome))).count()
    }

    // The figures are 500/14/5: 35 × 14 = 490, and 100 × 5 = 500.

    #[test]
    fn a_full_purse_pays_for_35_retries_or_for_100_of_a_throttling_server() {
        use Outcome::{Garbled, Gateway, Lost, NotSent, ServerFault};
        for outcome in [NotSent, Lost, Gateway, ServerFault, Garbled] {
            assert_eq!(affordable(&Budget::default(), outcome), 35, "{outcome:?}");
        }
        assert_eq!(affordable(&Budget::default(), Outcome::Throttled), 100);
    }

    #[test]
    fn what_is_too_little_for_one_retry_stays_for_a_cheaper_one() {
        let budget = Budget::default();
        assert_eq!(affordable(&budget, Outcome::Lost), 35);
        assert_eq!(affordable(&budget, Outcome::Throttled), 2, "10 are left");
        assert_eq!(affordable(&budget, Outcome::Throttled), 0);
    }

    #[test]
    fn fourteen_calls_that_need_no_retry_pay_for_one_that_does() {
        let budget = Budget::default();
        assert_eq!(affordable(&budget, Outcome::Throttled), 100);
        for _ in 0..13 {
            budget.earn(FIRST_SUCCESS);
        }
        assert_eq!(affordable(&budget, Outcome::Lost), 0);
        budget.earn(FIRST_SUCCESS);
        assert_eq!(affordable(&budget, Outcome::Lost), 1);
    }

    #[test]
    fn good_times_do_not_make_the_purse_larger() {
        let budget = Budget::default();
        budget.earn(u32::MAX);
        assert_eq!(affordable(&budget, Outcome::Throttled), 100);
    }
}
