//! One history, and a crash at each of its points: before and after each request and each entry of the journal.

use std::time::Duration;

use crate::{
    faults::Faults,
    history::{Outcome, history},
    plan::{Paging, Plan},
    stage::Cut,
};

/// A history without other faults, and with the answers that are hardest on a connector.
pub fn plan(seed: u64) -> Plan {
    let mut plan = Plan::draw(seed);
    plan.faults = Faults::none();
    plan.answers.removes_newer = true;
    plan.answers.empties_unpushed = true;
    plan.answers.tasks_change_view = true;
    plan.answers.cleanup = Duration::from_secs(3);
    (plan.paging, plan.page, plan.can_find) = (Paging::Keyset, 5, true);
    (plan.people, plan.inherited, plan.usual_limits, plan.tasks) = (8, false, false, true);
    plan.seasonal = false;
    plan.cron = false;
    (plan.read_takes, plan.find_takes, plan.tasks_go_on) = Default::default();
    plan.moves_every = Duration::from_secs(4);
    plan.tasks_every = Duration::from_secs(3);
    plan.sync_every = Duration::from_secs(8);
    plan.poll_every = Duration::from_secs(2);
    plan.until = Duration::from_secs(26);
    plan
}

/// The history with a crash at every `step`th point. Answers with the number of points, and what broke at which.
pub fn cuts(seed: u64, step: usize) -> (u64, Vec<(Cut, Outcome)>) {
    let whole = history(plan(seed), None, false);
    let points = whole.points;
    let mut broken: Vec<(Cut, Outcome)> = Vec::new();
    if !whole.violations.is_empty() {
        broken.push((0, whole));
    }
    for cut in (1..=points).step_by(step) {
        let outcome = history(plan(seed), Some(cut), false);
        if !outcome.violations.is_empty() {
            broken.push((cut, outcome));
        }
    }
    (points, broken)
}
