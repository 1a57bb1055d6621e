//! One history, and a crash at each of its points: before and after each request and each entry of the journal.

use std::time::Duration;

use crate::{
    faults::Faults,
    plan::{Paging, Plan},
    run,
    seeds::{be_quiet, number},
};

/// A history without other faults, and with the answers that are hardest on a connector.
fn reference(seed: u64) -> Plan {
    let mut plan = Plan::draw(seed);
    plan.faults = Faults::none();
    plan.answers.removes_newer = true;
    plan.answers.empties_unpushed = true;
    plan.answers.tasks_change_view = true;
    plan.answers.cleanup = Duration::from_secs(3);
    (plan.paging, plan.page, plan.can_find) = (Paging::Keyset, 5, true);
    (plan.people, plan.inherited, plan.usual_limits, plan.tasks) = (8, false, false, true);
    plan.moves_every = Duration::from_secs(4);
    plan.tasks_every = Duration::from_secs(3);
    plan.sync_every = Duration::from_secs(8);
    plan.poll_every = Duration::from_secs(2);
    plan.until = Duration::from_secs(26);
    plan
}

#[test]
fn a_crash_at_any_point_breaks_no_promise() {
    be_quiet();
    let seed = number("BRIDGE_SIM_SEED").unwrap_or(4);
    let whole = run::history(reference(seed), None, false);
    assert!(whole.violations.is_empty(), "{:?}", whole.violations);
    // Every one of them: `BRIDGE_SIM_CUTS=1`. The ordinary run takes one of so many.
    let step = number("BRIDGE_SIM_CUTS").unwrap_or(40).max(1);
    let mut cuts = 0;
    for cut in (1..=whole.points).step_by(step as usize) {
        let outcome = run::history(reference(seed), Some(cut), false);
        assert!(outcome.violations.is_empty(), "a crash at point {cut} of {}: {:?}", whole.points, outcome.violations);
        cuts += 1;
    }
    println!("{cuts} of {} points", whole.points);
}
