//! Bugs on purpose: the simulation is worth what it finds of them.

use bridge_runtime::planted::{Bug, plant};

use crate::seeds::{history_of, number};

/// Each bug, a seed whose history shows it, and the invariant that it breaks there.
const WITNESSES: &[(Bug, u64, u32)] = &[
    (Bug::FailedPageIsForgotten, 17, 1),
    (Bug::KnownShrinksBeforeCompletion, 2, 6),
    (Bug::TouchIsNotWritten, 3, 1),
    (Bug::OrphanIsCompleted, 5, 4),
    (Bug::MissingAreNotLookedUp, 0, 1),
    (Bug::LookUpErrorIsAbsent, 9, 1),
    (Bug::GuardIsOff, 2, 6),
    (Bug::ReductionsAreNotHeldBack, 2, 6),
    (Bug::ReportFlips, 3, 10),
    (Bug::AtMostOnceRunsAgain, 7, 8),
    (Bug::EndIsNotWritten, 0, 2),
    (Bug::StartIsWrittenAfterwards, 7, 9),
    (Bug::LostPasswordIsCompleted, 7, 10),
    (Bug::TwoOfOneLane, 2, 11),
    (Bug::RetryAfterIsIgnored, 5, 13),
    (Bug::ScheduledIsPickedUp, 0, 11),
    (Bug::TaskPageIsSkipped, 33, 11),
    (Bug::SettledRunsAgain, 2, 10),
    (Bug::InterruptionIsForgotten, 7, 9),
    (Bug::AbandonIsForgotten, 2, 14),
    (Bug::VanishedIsRemoved, 3, 1),
    (Bug::RefusedIsForgotten, 20, 1),
    (Bug::InheritedCompletes, 14, 7),
    (Bug::OrderIsIgnored, 2, 11),
    (Bug::OvertakenRuns, 44, 11),
];

const ALL: &[Bug] = &[
    Bug::FailedPageIsForgotten,
    Bug::KnownShrinksBeforeCompletion,
    Bug::TouchIsNotWritten,
    Bug::NoGate,
    Bug::OrphanIsCompleted,
    Bug::MissingAreNotLookedUp,
    Bug::LookUpErrorIsAbsent,
    Bug::GuardIsOff,
    Bug::ReductionsAreNotHeldBack,
    Bug::ReportFlips,
    Bug::AtMostOnceRunsAgain,
    Bug::EndIsNotWritten,
    Bug::StartIsWrittenAfterwards,
    Bug::LostPasswordIsCompleted,
    Bug::TwoOfOneLane,
    Bug::ParkedBlocksNothing,
    Bug::RetryAfterIsIgnored,
    Bug::ApprovalIsUsedTwice,
    Bug::ScheduledIsPickedUp,
    Bug::TaskPageIsSkipped,
    Bug::SettledRunsAgain,
    Bug::InterruptionIsForgotten,
    Bug::RetriesAreFree,
    Bug::AbandonIsForgotten,
    Bug::VanishedIsRemoved,
    Bug::RefusedIsForgotten,
    Bug::InheritedCompletes,
    Bug::OrderIsIgnored,
    Bug::OvertakenRuns,
];

#[test]
fn each_planted_bug_is_found() {
    for (bug, seed, invariant) in WITNESSES {
        plant(Some(*bug));
        let violations = history_of(*seed).violations;
        plant(None);
        let broken = violations.iter().any(|why| why.starts_with(&format!("{invariant}:")));
        assert!(broken, "{bug:?} is not seen with seed {seed}: {violations:?}");
    }
}

/// Looks for witnesses: `BRIDGE_SIM_HUNT=300 cargo test … hunt -- --nocapture` prints a table.
#[test]
fn hunt() {
    let (Some(most), from) = (number("BRIDGE_SIM_HUNT"), number("BRIDGE_SIM_FROM").unwrap_or(0)) else { return };
    let only = std::env::var("BRIDGE_SIM_BUG").ok();
    for bug in
        ALL.iter().filter(|bug| only.as_ref().is_none_or(|only| only.split(',').any(|one| format!("{bug:?}") == one)))
    {
        let seen = (from..from + most).find_map(|seed| {
            plant(Some(*bug));
            let violations = history_of(seed).violations;
            plant(None);
            Some((seed, violations.into_iter().next()?))
        });
        match seen {
            Some((seed, why)) => println!(
                "    (Bug::{bug:?}, {seed}, {}), // {}",
                why.split(':').next().unwrap(),
                &why[..why.len().min(110)]
            ),
            None => println!("    // Bug::{bug:?} is not found in {most} seeds"),
        }
    }
}
