//! A history that breaks a promise, with as few kinds of faults as will do.

use crate::{
    faults::Fault,
    history::{Outcome, history},
    plan::Plan,
};

/// Says what broke, which faults it needs, and how to see it again.
pub fn explained(seed: u64, outcome: &Outcome) -> String {
    let mut plan = Plan::draw(seed);
    let mut why = outcome.violations[0].clone();
    let drawn: Vec<Fault> = plan.faults.kinds().collect();
    for fault in &drawn {
        let mut less = plan.clone();
        less.faults = less.faults.without(*fault);
        if let Some(still) = history(less.clone(), None, false).violations.into_iter().next() {
            (plan, why) = (less, still);
        }
    }
    let names = |faults: &mut dyn Iterator<Item = Fault>| {
        faults.map(|fault| format!("{fault:?}")).collect::<Vec<_>>().join(",")
    };
    let needed = names(&mut plan.faults.kinds());
    let without = names(&mut drawn.into_iter().filter(|fault| !plan.faults.has(*fault)));
    format!(
        "seed {seed}: {}\n  with {} alone: {why}\n  again: cargo run --profile simulation -p bridge-simulation -- seed {seed}{}",
        outcome.violations[0],
        if needed.is_empty() { "no fault" } else { &needed },
        if without.is_empty() { String::new() } else { format!(" --without {without}") },
    )
}
