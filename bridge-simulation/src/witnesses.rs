//! Bugs on purpose: the simulation is worth what it finds of them.

use bridge_runtime::planted::{Bug, plant};

use crate::history::{Outcome, of_seed};

/// Each bug, a seed whose history shows it, and the invariant that it breaks there.
pub const WITNESSES: &[(Bug, u64, u32)] = &[
    (Bug::FailedPageIsForgotten, 51, 3),
    (Bug::KnownShrinksBeforeCompletion, 2, 6),
    (Bug::TouchIsNotWritten, 1, 1),
    (Bug::NoGate, 105, 2),
    (Bug::OrphanIsCompleted, 0, 4),
    (Bug::MissingAreNotLookedUp, 22, 1),
    (Bug::LookUpErrorIsAbsent, 313, 1),
    (Bug::GuardIsOff, 11, 6),
    (Bug::ReductionsAreNotHeldBack, 2, 6),
    (Bug::ReportFlips, 0, 10),
    (Bug::AtMostOnceRunsAgain, 46, 8),
    (Bug::EndIsNotWritten, 1, 5),
    (Bug::StartIsWrittenAfterwards, 13, 9),
    (Bug::LostPasswordIsCompleted, 168, 10),
    (Bug::TwoOfOneLane, 2, 11),
    (Bug::RetryAfterIsIgnored, 17, 13),
    (Bug::ApprovalIsUsedTwice, 58, 6),
    (Bug::ScheduledIsPickedUp, 1, 11),
    (Bug::TaskPageIsSkipped, 35, 11),
    (Bug::SettledRunsAgain, 4, 10),
    (Bug::InterruptionIsForgotten, 13, 9),
    (Bug::RetriesAreFree, 2878, 13),
    (Bug::AbandonIsForgotten, 26, 14),
    (Bug::VanishedIsRemoved, 1, 1),
    (Bug::RefusedIsForgotten, 77, 3),
    (Bug::InheritedCompletes, 7, 7),
    (Bug::OrderIsIgnored, 4, 11),
    (Bug::OvertakenRuns, 109, 11),
    (Bug::PushIsNotWritten, 0, 5),
    (Bug::DayIsNotSummed, 197, 6),
    (Bug::ApprovalIsNotSeen, 2, 15),
    (Bug::StopIsNotHeard, 11, 16),
    (Bug::GateHasNoEnd, 108, 17),
    (Bug::AppIsNotLookedFor, 7, 8),
    (Bug::BareErrorIsSuccess, 2355, 15),
    (Bug::UnsupportedIsCompleted, 1, 10),
    (Bug::UnknownStatusIsOpen, 2437, 17),
    (Bug::SecondTypeIsNotReread, 1, 1),
];

/// Bugs without a witness yet, and the tests that guard the rule meanwhile. Some need a world that is not drawn so far.
pub const WITHOUT_WITNESS: &[(Bug, &str)] = &[
    (Bug::ParkedBlocksNothing, "tests/end_to_end/task_lanes.rs"),
    (Bug::ChangedLoginIsIgnored, "tests/end_to_end/task_logins.rs"),
    (Bug::KnownLoginsAreIgnored, "tests/end_to_end/task_logins.rs"),
    (Bug::MovedTaskRunsWhereItWas, "tests/end_to_end/task_surprises.rs"),
    (Bug::ChangedServerFailsTasks, "tests/end_to_end/task_surprises.rs"),
    (Bug::WindowBreaksTheOrder, "tests/end_to_end/task_window.rs"),
    (Bug::NotAppliedIsForgotten, "tests/end_to_end/tasks_interrupted.rs"),
    (Bug::LookUpsAreNotRenewed, "tests/end_to_end/sync_slow.rs"),
    (Bug::FewerPushedAreApproved, "tests/end_to_end/sync_approve.rs"),
    (Bug::PushedIsNotStruckOff, "tests/end_to_end/sync_approve.rs"),
    (Bug::UnreadTypeIsEmptied, "tests/end_to_end/types_changed.rs"),
    (Bug::ClockStepEndsTheDay, "tests/end_to_end/time.rs"),
    (Bug::LinksAreJudgedInTotalOnly, "tests/end_to_end/sync_links.rs"),
    (Bug::VanishedLinksAreNotCounted, "tests/end_to_end/sync_links.rs"),
    (Bug::ProtectedIsDeactivated, "tests/end_to_end/sync_links.rs"),
    (Bug::SpellingCounts, "bridge-runtime/src/journal/sqlite/tests/spelling.rs"),
    (Bug::RespelledIsSilent, "tests/end_to_end/sync_respelled.rs"),
    (Bug::CreationsAreNotHeld, "tests/end_to_end/sync_slow.rs"),
    (Bug::PanicsSpread, "tests/end_to_end/user_panics.rs"),
    (Bug::SetClockIsNotSeen, "bridge-runtime/src/connector/next_sync.rs"),
    (Bug::DryRunIsWritten, "bridge-runtime/src/journal/sqlite/tests/dry.rs"),
];

/// The history of a seed, with a bug in the engines.
pub fn with_bug(bug: Bug, seed: u64) -> Outcome {
    plant(Some(bug));
    let outcome = of_seed(seed);
    plant(None);
    outcome
}

/// What must hold, by its number in `docs/reliability.md`; 12 is about replicas.
const INVARIANTS: [u32; 16] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 14, 15, 16, 17];
/// Every change runs so many seeds, from 0 on: witnesses are among them.
const ORDINARY: u64 = 10_000;

/// The bugs whose witness does not show them, and the invariants of which no bug shows that they can be broken.
pub fn unseen() -> Vec<String> {
    let is_witnessed = |number: &u32| WITNESSES.iter().any(|(.., invariant)| invariant == number);
    let never_broken = INVARIANTS.iter().filter(|number| !is_witnessed(number));
    let mut unseen: Vec<String> = never_broken.map(|number| format!("no bug breaks {number}")).collect();
    let beyond = WITNESSES.iter().filter(|(_, seed, _)| *seed >= ORDINARY);
    unseen.extend(beyond.map(|(bug, seed, _)| format!("the witness {seed} of {bug:?} is no ordinary seed")));
    for bug in Bug::ALL {
        match WITNESSES.iter().find(|(witnessed, ..)| witnessed == bug) {
            None if WITHOUT_WITNESS.iter().any(|(one, _)| one == bug) => {}
            None => unseen.push(format!("{bug:?} has no witness")),
            Some((_, seed, invariant)) => {
                let violations = with_bug(*bug, *seed).violations;
                if !violations.iter().any(|why| why.starts_with(&format!("{invariant}:"))) {
                    unseen.push(format!("{bug:?} does not break {invariant} with seed {seed}: {violations:?}"));
                }
            }
        }
    }
    unseen
}

/// The first seed of a range that shows a bug, and the promise that it breaks: this one, or any.
pub fn hunt(bug: Bug, breaks: Option<u32>, seeds: impl IntoIterator<Item = u64>) -> Option<(u64, String)> {
    let is_meant = |why: &String| breaks.is_none_or(|number| why.starts_with(&format!("{number}:")));
    seeds.into_iter().find_map(|seed| Some((seed, with_bug(bug, seed).violations.into_iter().find(is_meant)?)))
}
