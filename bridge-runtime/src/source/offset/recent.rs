//! The ids that were pushed last.

use std::collections::HashMap;

/// How many ids are remembered at least. More than a page to Iden holds: a row that comes again is then either known
/// here, or goes into a later page, where it is no duplicate but an update.
const LEAST: usize = 1000;
/// How many pages of ids are remembered at least. More than [`STEPS`](super::STEPS) steps lead back.
const PAGES: usize = 8;

/// Remembers the ids of the last eight pages: bounded, whatever the size of the source.
#[derive(Debug, Default)]
pub(super) struct Recent {
    ids: HashMap<String, u64>,
    pushed: u64,
}

impl Recent {
    pub(super) fn holds(&self, id: &str) -> bool {
        self.ids.contains_key(id)
    }

    /// Adds an id, where the longest page so far has this many rows.
    pub(super) fn add(&mut self, id: String, page: usize) {
        self.pushed += 1;
        self.ids.insert(id, self.pushed);
        let kept = LEAST.max(page.saturating_mul(PAGES));
        // At twice the number, so that one sweep pays for as many ids as it drops.
        if self.ids.len() >= kept.saturating_mul(2) {
            let oldest = self.pushed - kept as u64;
            self.ids.retain(|_, at| *at > oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_ids_are_held_and_memory_stays_bounded() {
        let mut recent = Recent::default();
        for n in 0..100_000 {
            recent.add(n.to_string(), 200);
            assert!(recent.ids.len() < 2 * 200 * PAGES);
        }
        assert!((100_000 - 200 * PAGES..100_000).all(|n| recent.holds(&n.to_string())));
        assert!(!recent.holds("0"));
    }
}
