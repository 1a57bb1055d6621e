//! What holds for every number.

use bridge_core::wire::Kind;

use super::{Limits, reasons};
use crate::journal::{Losses, Sum};

const KINDS: [Kind; 3] = [Kind::Account, Kind::Group, Kind::License];
/// All small numbers, and the corners of the large ones.
const LARGE: [u64; 10] = [199, 200, 201, 1_999, 2_000, 2_001, 20_001, 1_000_000, u64::MAX - 1, u64::MAX];

fn baselines() -> impl Iterator<Item = u64> {
    (0..=120).chain(LARGE)
}

/// Every combination of a few settings, the defaults among them.
fn all_limits() -> Vec<Limits> {
    let mut all: Vec<_> = KINDS.map(Limits::of).into();
    for percent in [0, 1, 5, 50, 99] {
        for most in [0, 1, 2, 3, 20, u64::MAX] {
            let records = Limits::of(Kind::Account).max_removed_percent(percent).max_removed(most);
            all.push(records.max_edges_percent(percent).max_edges(most));
        }
    }
    all
}

fn holds(limits: &Limits, losses: &Losses) -> bool {
    !reasons("some-type", limits, losses).is_empty()
}

fn scan(before: u64, lost: Sum, created: u64, last_day: Sum) -> Losses {
    let present = before.saturating_sub(lost.removed).saturating_add(created);
    Losses { baseline: before, baseline_edges: before, present, created, lost, last_day, ..Losses::default() }
}

#[test]
fn no_more_is_allowed_than_there_is() {
    for limits in all_limits() {
        for before in baselines().filter(|before| *before > 0) {
            assert!(limits.allowed_records(before) <= before, "{limits:?}, {before}");
            assert!(limits.allowed_edges(before) <= before, "{limits:?}, {before}");
        }
        // What was pushed by sessions that were never completed is in no baseline. One of it may go.
        assert!(limits.allowed_records(0) <= 1 && limits.allowed_edges(0) <= 1);
    }
}

#[test]
fn of_more_no_fewer_are_allowed() {
    for limits in all_limits() {
        for (before, next) in baselines().zip(baselines().skip(1)) {
            assert!(limits.allowed_records(before) <= limits.allowed_records(next), "{limits:?}, {before}");
            assert!(limits.allowed_edges(before) <= limits.allowed_edges(next), "{limits:?}, {before}");
        }
    }
}

#[test]
fn one_more_loss_never_turns_held_into_passed() {
    for limits in all_limits() {
        for before in 0..=32 {
            for created in [0, 4, 20] {
                for day in [0, 1] {
                    let last_day = Sum { removed: day, deactivated: day, edges: day };
                    for lost in (0..=before).map(|n| [n, 0, 0]).chain((0..=before).map(|n| [1, n, n / 2])) {
                        one_more(&limits, before, lost, created, last_day);
                    }
                }
            }
        }
    }
}

fn one_more(limits: &Limits, before: u64, lost: [u64; 3], created: u64, last_day: Sum) {
    let sum = |[removed, deactivated, edges]: [u64; 3]| Sum { removed, deactivated, edges };
    let losses = scan(before, sum(lost), created, last_day);
    if !holds(limits, &losses) {
        return;
    }
    for kind in 0..3 {
        let mut more = lost;
        more[kind] += 1;
        let more = scan(before, sum(more), created, last_day);
        assert!(holds(limits, &more), "{limits:?} holds {losses:?} and lets {more:?} pass");
    }
    let longer = Sum { removed: last_day.removed + 1, ..last_day };
    assert!(holds(limits, &scan(before, sum(lost), created, longer)), "{limits:?} {losses:?}");
    let more_new = scan(before, sum(lost), created, last_day);
    assert!(holds(limits, &Losses { created: created + 1, ..more_new }), "{limits:?} {losses:?}");
}

#[test]
fn what_loses_nothing_passes_whatever_was_before() {
    let last_day = Sum { removed: u64::MAX, deactivated: u64::MAX, edges: u64::MAX };
    for limits in all_limits() {
        for before in baselines() {
            for created in [0, before] {
                let losses = scan(before, Sum::default(), created, last_day);
                assert!(!holds(&limits, &losses), "{limits:?} {losses:?}");
                assert!(!holds(&limits, &Losses { present: 0, ..losses }), "{limits:?} {before}, all ordered");
            }
        }
    }
}

#[test]
fn no_limits_let_a_type_be_emptied_or_made_anew() {
    for limits in all_limits() {
        for before in baselines().filter(|before| *before > 0) {
            let all = Sum { removed: before, ..Sum::default() };
            assert!(holds(&limits, &scan(before, all, 0, Sum::default())), "{limits:?} {before}");
            if before >= 10 {
                assert!(holds(&limits, &scan(before, all, before, Sum::default())), "{limits:?} {before}");
            }
        }
    }
}

#[test]
fn what_is_not_called_looser_lets_no_more_through() {
    let all = all_limits();
    for (limits, than) in all.iter().flat_map(|limits| all.iter().map(move |than| (limits, than))) {
        if !limits.loosened(than).is_empty() {
            continue;
        }
        for before in baselines() {
            assert!(limits.allowed_records(before) <= than.allowed_records(before), "{limits:?} {than:?} {before}");
            assert!(limits.allowed_edges(before) <= than.allowed_edges(before), "{limits:?} {than:?} {before}");
        }
    }
}

#[test]
fn huge_numbers_do_not_overflow() {
    let lost = Sum { removed: u64::MAX, deactivated: u64::MAX, edges: u64::MAX };
    for limits in all_limits() {
        for before in LARGE {
            assert!(holds(&limits, &scan(before, lost, u64::MAX, lost)));
        }
    }
}
