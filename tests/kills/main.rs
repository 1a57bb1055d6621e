//! The program `acme_hr` in front of the sandbox, killed (SIGKILL) again and again: at named places, and by chance. After
//! each kill nobody may be lost and the journal must be sound; in the end all is as if nobody had ever killed anything.
//!
//! `BRIDGE_KILLS` says how many kills there are in all, `BRIDGE_SEED` where chance begins, `BRIDGE_KILLS_REPORT` where a report
//! is written. A failure says with which values its history is the first one; what is killed where is repeated by that, and
//! what the machine does meanwhile is not.
//!
//! `cargo test` builds the program, `cargo test --test kills` does not: it is then that of the last build.

// It looks into /proc.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, unreachable_pub)] // the helpers are no `#[test]`s, and are tests all the same

mod beside_kills;
mod chance;
mod company;
mod history;
#[path = "../common/hr_file.rs"]
#[allow(dead_code)] // shared: `tests/examples` asks for more of it
mod hr_file;
mod journal_kills;
mod kill;
mod ledger;
mod orders;
mod place;
#[path = "../common/process_group.rs"]
mod process_group;
#[path = "../common/program.rs"]
#[allow(dead_code)] // the same
mod program;
mod random_kills;
mod scene;
mod state;
mod task_kills;
mod victim;

use std::sync::{
    Mutex,
    atomic::{AtomicU64, Ordering},
};

use chance::{Seed, told};
use ledger::Ledger;

const KILLS: u64 = 50;
/// How many histories go on at once: waiting for the disk is most of it.
const AT_ONCE: usize = 2;
/// After so many that failed, the others would say the same.
const MOST_VIOLATIONS: usize = 5;

#[test]
fn whenever_it_is_killed_nobody_is_lost_and_in_the_end_iden_holds_what_the_system_holds() {
    let kills = told("BRIDGE_KILLS").unwrap_or(KILLS);
    let first = told("BRIDGE_SEED").unwrap_or_else(|| uuid::Uuid::new_v4().as_u64_pair().0 >> 16);
    let (next, ledger) = (AtomicU64::new(0), Mutex::new(Ledger::new(first)));
    // A run of the usual length comes to every place, however few kills that takes.
    let all_places = kills >= KILLS;
    let is_over = |ledger: &Ledger| {
        let enough = ledger.kills() >= kills && (!all_places || ledger.histories() >= history::FOR_EVERY_PLACE);
        enough || ledger.violations() >= MOST_VIOLATIONS
    };
    let work = || {
        while !is_over(&ledger.lock().unwrap()) {
            let seed = Seed(first + next.fetch_add(1, Ordering::Relaxed));
            let lived = history::live(seed.0);
            ledger.lock().unwrap().add(seed, lived);
        }
    };
    std::thread::scope(|scope| (0..if all_places { AT_ONCE } else { 1 }).for_each(|_| drop(scope.spawn(work))));
    let ledger = ledger.into_inner().unwrap();
    ledger.report();
    ledger.assert_no_violations();
    if all_places {
        ledger.assert_every_place_was_hit();
    }
}
