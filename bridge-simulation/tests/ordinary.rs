//! What every `cargo test` runs of the simulation, without optimisation. `.ci/run` runs the rest.

use bridge_simulation::{history::of_seed, reference, shards};

#[test]
fn no_history_breaks_a_promise() {
    let report = shards::run_here(0..60);
    println!("{report}");
    assert!(report.failed.is_empty(), "{:#?}", report.failed);
}

#[test]
fn histories_that_broke_a_promise_once_do_not_any_more() {
    for seed in [
        1502, 1807, 1953, 2059, 3951, 4911, 5757, 12590, 14122, 23571, 24956, 27486, 28646, 28662, 30239, 30320, 32146,
        37622, 37823, 39897, 46865, 50787, 53825, 54173, 62065, 66924, 70012, 89279, 101127, 101260, 105834, 116095,
        120354, 123762, 156135, 165148, 209419, 214052, 254786, 283468, 312847, 312896, 498003, 577118, 592978, 621664,
        799932, 966308,
    ] {
        let violations = of_seed(seed).violations;
        assert!(violations.is_empty(), "seed {seed}: {violations:#?}");
    }
}

#[test]
fn the_same_seed_twice_is_the_same_history() {
    for seed in 0..6 {
        assert_eq!(of_seed(seed).figures(), of_seed(seed).figures(), "seed {seed}");
    }
}

#[test]
fn a_crash_at_any_point_breaks_no_promise() {
    let (points, broken) = reference::cuts(4, 40);
    assert!(points > 400, "the reference history has {points} points only");
    assert!(broken.is_empty(), "{broken:#?}");
}
