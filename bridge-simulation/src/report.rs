//! The figures of a run.

use std::{fmt, time::Duration};

use serde::{Deserialize, Serialize};

use crate::{faults::Fault, history::Outcome, shrink};

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Report {
    pub seeds: u64,
    /// Each seed that breaks a promise, and how.
    pub failed: Vec<(u64, String)>,
    pub took: Duration,
    requests: u64,
    processes: u64,
    completions: u64,
    effects: u64,
    points: u64,
    fired: Vec<u64>,
    simulated: Duration,
}

impl Report {
    /// Counts a history.
    pub fn add(&mut self, seed: u64, of: &Outcome) {
        let broken = !of.violations.is_empty();
        let one = Report {
            seeds: 1,
            failed: if broken { vec![(seed, shrink::explained(seed, of))] } else { Vec::new() },
            took: Duration::ZERO,
            requests: of.requests,
            processes: of.processes,
            completions: of.completions,
            effects: of.effects,
            points: of.points,
            fired: of.fired.clone(),
            simulated: of.simulated,
        };
        *self = std::mem::take(self).and(one);
    }

    #[must_use]
    pub fn and(mut self, other: Report) -> Self {
        self.fired.resize(Fault::ALL.len(), 0);
        self.fired.iter_mut().zip(&other.fired).for_each(|(here, there)| *here += there);
        self.failed.extend(other.failed);
        self.failed.sort_unstable();
        self.seeds += other.seeds;
        self.took += other.took;
        self.requests += other.requests;
        self.processes += other.processes;
        self.completions += other.completions;
        self.effects += other.effects;
        self.points += other.points;
        self.simulated += other.simulated;
        self
    }

    /// Kinds of faults that happened less often than this.
    pub fn rarer_than(&self, least: u64) -> Vec<Fault> {
        let is_rare = |fault: &Fault| !fault.is_off() && self.fired[fault.position()] < least;
        Fault::ALL.iter().copied().filter(is_rare).collect()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let per_second = self.seeds as f64 / self.took.as_secs_f64().max(1e-9);
        writeln!(f, "seeds: {}", self.seeds)?;
        writeln!(f, "invariants broken: {}", self.failed.len())?;
        writeln!(f, "seconds of one core: {:.1} ({per_second:.1} seeds a second)", self.took.as_secs_f64())?;
        writeln!(f, "simulated hours: {:.1}", self.simulated.as_secs_f64() / 3600.0)?;
        writeln!(f, "requests: {}", self.requests)?;
        writeln!(f, "restarts: {}", self.processes - self.seeds)?;
        writeln!(f, "completions: {}", self.completions)?;
        writeln!(f, "effects of tasks: {}", self.effects)?;
        writeln!(f, "points at which a process could die: {}", self.points)?;
        for fault in Fault::ALL {
            writeln!(f, "{fault:?}: {}", self.fired.get(fault.position()).copied().unwrap_or(0))?;
        }
        Ok(())
    }
}
