//! Many histories, and what they came to.

use std::{
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    time::{Duration, Instant},
};

use crate::{
    faults::Fault,
    plan::Plan,
    report::Report,
    run::{self, Outcome},
};

/// How long the ordinary run may take, where nobody says how many seeds it is to have.
const ORDINARY: Duration = Duration::from_secs(20);
/// From so many seeds on, every kind of fault must have happened.
const ENOUGH: u64 = 500;
/// And at least once in so many seeds.
const ONCE_IN: u64 = 20;

pub fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// Panics of the simulated source and handlers are part of the play.
pub fn be_quiet() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            let text = panic.payload().downcast_ref::<&str>();
            if !text.is_some_and(|text| text.starts_with("sim: ")) {
                usual(panic);
            }
        }));
    });
}

pub fn history_of(seed: u64) -> Outcome {
    be_quiet();
    run::history(Plan::draw(seed), None, false)
}

/// What fails, with as few kinds of faults as will do.
fn explained(seed: u64, outcome: &Outcome) -> String {
    let mut plan = Plan::draw(seed);
    let mut why = outcome.violations[0].clone();
    let drawn: Vec<Fault> = plan.faults.kinds().collect();
    for fault in drawn {
        let mut less = plan.clone();
        less.faults = less.faults.without(fault);
        if let Some(still) = run::history(less.clone(), None, false).violations.into_iter().next() {
            (plan, why) = (less, still);
        }
    }
    let kinds: Vec<String> = plan.faults.kinds().map(|fault| format!("{fault:?}")).collect();
    format!(
        "seed {seed}: {}\n  with {} alone: {why}\n  again: BRIDGE_SIM_SEED={seed} cargo test --test simulation one_seed -- --nocapture",
        outcome.violations[0],
        if kinds.is_empty() { "no fault".to_owned() } else { kinds.join(", ") },
    )
}

/// `BRIDGE_SIM_SEED=7`, and perhaps `BRIDGE_SIM_WITHOUT=Crash,Outage`: prints the whole history.
#[test]
fn one_seed() {
    let Some(seed) = number("BRIDGE_SIM_SEED") else { return };
    be_quiet();
    let mut plan = Plan::draw(seed);
    for fault in std::env::var("BRIDGE_SIM_WITHOUT").unwrap_or_default().split(',').filter_map(Fault::named) {
        plan.faults = plan.faults.without(fault);
    }
    println!("{plan:#?}");
    let outcome = run::history(plan, None, true);
    for line in &outcome.lines {
        println!("{}", line.chars().take(400).collect::<String>());
    }
    assert!(outcome.violations.is_empty(), "{:#?}", outcome.violations);
}

#[test]
fn every_history_keeps_what_is_promised() {
    let (from, count) = (number("BRIDGE_SIM_FROM").unwrap_or(0), number("BRIDGE_SIM_SEEDS"));
    let threads = number("BRIDGE_SIM_THREADS").unwrap_or(1);
    let (start, next) = (Instant::now(), AtomicU64::new(from));
    let too_many = AtomicBool::new(false);
    let work = || {
        let mut report = Report::default();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            let over = count.map_or_else(|| start.elapsed() > ORDINARY, |count| seed >= from + count);
            if over || too_many.load(Ordering::Relaxed) {
                return report;
            }
            let outcome = history_of(seed);
            if !outcome.violations.is_empty() {
                println!("{}", explained(seed, &outcome));
            }
            report.add(seed, &outcome);
            too_many.fetch_or(report.failed.len() >= 20, Ordering::Relaxed);
        }
    };
    let mut report = std::thread::scope(|scope| {
        let all: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        all.into_iter().map(|one| one.join().unwrap()).fold(Report::default(), Report::and)
    });
    report.took = start.elapsed();
    println!("{report}");
    if let Ok(path) = std::env::var("BRIDGE_SIM_REPORT") {
        std::fs::write(path, format!("{report}\n")).unwrap();
    }
    assert!(report.failed.is_empty(), "{} of {} seeds: {:?}", report.failed.len(), report.seeds, report.failed);
    if report.seeds >= ENOUGH {
        let rare = report.rarer_than(report.seeds / ONCE_IN);
        assert!(rare.is_empty(), "these hardly happened: {rare:?}");
    }
}

#[test]
fn the_same_seed_twice_is_the_same_history() {
    let (from, count) = (number("BRIDGE_SIM_FROM").unwrap_or(0), number("BRIDGE_SIM_TWICE").unwrap_or(6));
    for seed in from..from + count {
        let (one, other) = (history_of(seed), history_of(seed));
        let figures = |of: &Outcome| (of.hash, of.events, of.requests, of.simulated);
        assert_eq!(figures(&one), figures(&other), "seed {seed}");
    }
}
