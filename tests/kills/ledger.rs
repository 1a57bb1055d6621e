//! What a test run came to.

use std::{
    collections::BTreeMap,
    env, fs,
    time::{Duration, Instant},
};

use serde_json::json;

use crate::{
    chance::Seed,
    history::Lived,
    place::{FIRST, LATER, RANDOM},
};

pub struct Ledger {
    first: u64,
    start: Instant,
    histories: u64,
    kills: BTreeMap<&'static str, u64>,
    repeated: u64,
    unknown: u64,
    violations: Vec<String>,
}

impl Ledger {
    pub fn new(first: u64) -> Self {
        Ledger {
            first,
            start: Instant::now(),
            histories: 0,
            kills: BTreeMap::new(),
            repeated: 0,
            unknown: 0,
            violations: Vec::new(),
        }
    }

    pub fn add(&mut self, seed: Seed, lived: Lived) {
        self.histories += 1;
        for place in &lived.kills {
            *self.kills.entry(place).or_default() += 1;
        }
        self.repeated += lived.repeated;
        self.unknown += lived.unknown;
        self.violations.extend(lived.violation.map(|why| {
            format!("{why}\n    killed at: {}\n    to begin with this history: {seed}", lived.kills.join("; "))
        }));
    }

    pub fn histories(&self) -> u64 {
        self.histories
    }

    pub fn kills(&self) -> u64 {
        self.kills.values().sum()
    }

    pub fn violations(&self) -> usize {
        self.violations.len()
    }

    /// On standard output, and in a file where one is asked for.
    pub fn report(&self) {
        let seconds = self.start.elapsed().max(Duration::from_millis(1)).as_secs_f64();
        let report = json!({
            "first_seed": self.first, "histories": self.histories, "kills": self.kills(), "by_place": self.kills,
            "tasks_repeated": self.repeated, "outcomes_unknown": self.unknown,
            "violations": self.violations, "seconds": (seconds * 10.0).round() / 10.0,
        });
        println!("{report:#}");
        if let Some(path) = env::var_os("BRIDGE_KILLS_REPORT") {
            fs::write(path, format!("{report:#}\n")).unwrap();
        }
    }

    #[track_caller]
    pub fn assert_no_violations(&self) {
        assert!(self.violations.is_empty(), "{}", self.violations.join("\n"));
    }

    #[track_caller]
    pub fn assert_every_place_was_hit(&self) {
        let all = FIRST.iter().chain(&LATER).chain(&RANDOM);
        let missed: Vec<_> = all.map(|place| place.name).filter(|name| !self.kills.contains_key(name)).collect();
        assert_eq!(missed, [""; 0], "the program was never killed there");
    }
}
