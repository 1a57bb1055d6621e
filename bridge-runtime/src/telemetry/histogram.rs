//! Durations, by upper bounds.

use std::time::Duration;

/// From an answer in 10 ms to a sync of an hour.
const BOUNDS: [f64; 13] = [0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 600.0, 3600.0];

/// How many durations there were up to each bound, and their sum.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Histogram {
    counts: [u64; BOUNDS.len()],
    count: u64,
    sum: f64,
}

impl Histogram {
    pub(super) fn observe(&mut self, duration: Duration) {
        let seconds = duration.as_secs_f64();
        if let Some(at) = BOUNDS.iter().position(|bound| seconds <= *bound) {
            self.counts[at] += 1;
        }
        self.count += 1;
        self.sum += seconds;
    }

    /// Each bound with the number of durations up to it.
    pub(super) fn cumulated(&self) -> impl Iterator<Item = (f64, u64)> {
        BOUNDS.iter().zip(&self.counts).scan(0, |so_far, (bound, count)| {
            *so_far += count;
            Some((*bound, *so_far))
        })
    }

    pub(super) fn count(&self) -> u64 {
        self.count
    }

    pub(super) fn sum(&self) -> f64 {
        self.sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_counts_what_is_up_to_it_and_nothing_is_lost_above_the_last() {
        let mut histogram = Histogram::default();
        for seconds in [0.005, 0.01, 0.02, 5000.0] {
            histogram.observe(Duration::from_secs_f64(seconds));
        }
        let counts: Vec<_> = histogram.cumulated().collect();
        assert_eq!(counts[..3], [(0.01, 2), (0.05, 3), (0.1, 3)]);
        assert_eq!((counts[12], histogram.count()), ((3600.0, 3), 4));
        assert!((histogram.sum() - 5000.035).abs() < 1e-9);
    }
}
