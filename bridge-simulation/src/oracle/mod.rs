//! What must hold. It looks at Iden and at the system, and never at the engines. `docs/reliability.md` lists the invariants.

mod converged;
mod facts;
mod sessions;
mod tasks;
mod traffic;

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use uuid::Uuid;

use crate::{
    iden::{Event, Key, Server},
    plan::Plan,
    system::World,
};

/// A person's word that something may go.
#[derive(Debug)]
pub struct Approved {
    pub removed: BTreeSet<Key>,
    pub used: bool,
}

#[derive(Debug)]
pub struct Oracle {
    pub violations: Vec<String>,
    usual_limits: bool,
    inherited: bool,
    pub approvals: Vec<Approved>,
    pub completions: u64,
    baseline: BTreeMap<String, u64>,
    active_at_open: BTreeMap<Uuid, BTreeMap<String, u64>>,
    /// Whom a session was to push.
    attempted: BTreeMap<Uuid, BTreeSet<Key>>,
    refused: BTreeMap<Uuid, BTreeSet<Key>>,
    process: u32,
    /// Sessions that may stay open: of processes that died, of answers that were lost.
    pub orphans: u64,
    pause_until: Duration,
    failed: BTreeMap<u64, Duration>,
    failed_retries: u64,
    successes: u64,
}

impl Oracle {
    pub fn new(plan: &Plan) -> Self {
        Oracle {
            violations: Vec::new(),
            usual_limits: plan.usual_limits,
            inherited: plan.inherited,
            approvals: Vec::new(),
            completions: 0,
            baseline: BTreeMap::new(),
            active_at_open: BTreeMap::new(),
            attempted: BTreeMap::new(),
            refused: BTreeMap::new(),
            process: 0,
            orphans: 0,
            pause_until: Duration::ZERO,
            failed: BTreeMap::new(),
            failed_retries: 0,
            successes: 0,
        }
    }

    pub fn violated(&mut self, at: Duration, invariant: u32, why: impl std::fmt::Display) {
        self.violations.push(format!("{invariant}: {why} (at {:.3} s)", at.as_secs_f64()));
    }

    pub fn process_begins(&mut self, process: u32) {
        self.process = process;
        self.orphans += 1;
        (self.pause_until, self.failed_retries, self.successes) = (Duration::ZERO, 0, 0);
        self.failed.clear();
    }

    /// Something happened at Iden.
    pub fn note(&mut self, now: Duration, event: &Event, server: &Server, world: &World) {
        match event {
            Event::Opened(id) => self.opened(now, *id, server),
            Event::Accepted { session, ask } => self.completed(now, *session, ask, server, world),
            Event::Reported { task, status, ask } => self.reported(now, *task, status, ask, server, world),
            Event::Refused { task, status, ask } => self.refused(now, *task, status, ask, server),
            Event::Reduced { session, key } => self.reduced(now, *session, key, server, world),
        }
    }
}
