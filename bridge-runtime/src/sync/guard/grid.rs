//! Exact verdicts on removals over a grid: every kind, around every number at which an answer changes. What is expected is reckoned
//! here once more, from what [`Limits`] tell their user: the share, rounded up, or what any type of that size may lose, and never
//! more than the cap; a setting of 0 is none at all.

use std::collections::BTreeSet;

use bridge_core::wire::Kind;

use super::{Limits, reasons};
use crate::journal::{Excess, HoldReason, LossKind, Losses, Sum};

const SLUG: &str = "some-type";
const BASELINES: [u64; 30] = [
    0, 1, 2, 3, 8, 9, 10, 11, 12, 20, 21, 29, 30, 31, 32, 40, 41, 59, 60, 61, 100, 199, 200, 201, 500, 501, 999, 2_000,
    2_001, 1_000_000,
];
/// The share in percent and the cap of each kind, as a user knows them.
const KINDS: [(Kind, u64, u64); 3] = [(Kind::Account, 5, 100), (Kind::Group, 10, 20), (Kind::License, 10, 50)];
/// What somebody has set instead.
const SET: [(u64, u64); 4] = [(0, 0), (1, 1_000), (50, 10), (99, 1_000_000)];

fn expected_allowed(before: u64, percent: u64, most: u64) -> u64 {
    let in_any_case = if before > 30 {
        3
    } else if before > 10 {
        2
    } else {
        1
    };
    let hundredths = before * percent;
    let share = hundredths / 100 + u64::from(!hundredths.is_multiple_of(100));
    if percent == 0 { 0 } else { in_any_case.max(share).min(most) }
}

fn expected(before: u64, removed: u64, last_day: u64, allowed: u64) -> Vec<HoldReason> {
    let excess = |count, allowed| Excess::new(SLUG, count, allowed, before);
    let mut reasons = Vec::new();
    if before > 0 && removed == before {
        reasons.push(HoldReason::Emptied { slug: SLUG.to_owned(), before });
    } else if removed > allowed {
        reasons.push(HoldReason::Removed(excess(removed, allowed)));
    }
    if removed > 0 && last_day > 0 && removed + last_day > allowed + allowed {
        let excess = excess(removed + last_day, allowed + allowed);
        reasons.push(HoldReason::LastDay { kind: LossKind::Removed, excess });
    }
    reasons
}

#[test]
fn every_cell_of_the_grid_has_its_exact_verdict() {
    let mut cells = 0;
    for (kind, usual_percent, usual_most) in KINDS {
        let usual = (Limits::of(kind), usual_percent, usual_most);
        let set = SET.map(|(percent, most)| {
            let byte = u8::try_from(percent).unwrap();
            (Limits::of(kind).max_removed_percent(byte).max_removed(most), percent, most)
        });
        for (limits, percent, most) in [usual].into_iter().chain(set) {
            for before in BASELINES {
                let allowed = expected_allowed(before, percent, most);
                assert_eq!(limits.allowed_records(before), allowed, "{kind:?}, {percent} % and {most} of {before}");
                let around = [
                    0,
                    1,
                    allowed.saturating_sub(1),
                    allowed,
                    allowed + 1,
                    2 * allowed,
                    before.saturating_sub(1),
                    before,
                ];
                // What was pushed by sessions that were never completed is in no baseline, and can go as well.
                let can_go = |removed: &u64| *removed <= if before == 0 { 2 } else { before };
                for removed in BTreeSet::from(around).into_iter().filter(can_go) {
                    for last_day in BTreeSet::from([0, 1, allowed, 2 * allowed]) {
                        let losses = Losses {
                            baseline: before,
                            present: before.saturating_sub(removed),
                            lost: Sum { removed, ..Sum::default() },
                            last_day: Sum { removed: last_day, ..Sum::default() },
                            ..Losses::default()
                        };
                        let expected = expected(before, removed, last_day, allowed);
                        let what =
                            || format!("{kind:?}, {percent} % and {most}: {removed} of {before}, {last_day} before");
                        assert_eq!(reasons(SLUG, &limits, &losses), expected, "{}", what());
                        cells += 1;
                    }
                }
            }
        }
    }
    assert!(cells >= 3_000, "{cells} cells");
}
