//! What must hold. It looks at Iden and at the system, and never at the engines. `docs/reliability.md` lists the invariants.

mod allowed;
mod converged;
mod day;
mod facts;
mod reductions;
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
    plan::{Answers, Plan},
    system::World,
};

use self::{
    allowed::{Approved, Counts},
    reductions::{Said, Taken},
};

#[derive(Debug)]
pub struct Oracle {
    pub violations: Vec<String>,
    answers: Answers,
    usual_limits: bool,
    /// The first process with a journal that is newer than the app, until a session of it is completed.
    inherits: Option<u32>,
    /// The first process with the journal that there is now.
    journal_from: u32,
    approvals: Vec<Approved>,
    pub completions: u64,
    baseline: Counts,
    at_open: BTreeMap<Uuid, Counts>,
    /// When a session was completed last.
    completed_at: Duration,
    said: BTreeMap<Key, Said>,
    /// How many edges each account has that a page has named since the last completed session, whether Iden took it or not.
    tried: BTreeMap<Key, u64>,
    taken: BTreeMap<Uuid, Taken>,
    /// Who was removed, by type, since the beginning of the day.
    removed: BTreeMap<String, BTreeSet<Key>>,
    /// Sessions of the day before, as the connector's clock has it.
    of_yesterday: BTreeSet<Uuid>,
    /// How often the connector opens a session until it has surely noticed that its clock has jumped.
    looks_left: u8,
    /// Whose creation was open again at Iden and has been reported once more, and when.
    retold: BTreeMap<Key, Duration>,
    /// Whom a completed session would have removed, had Iden not left the whole type alone (question P12), and when.
    let_go: BTreeMap<Key, Duration>,
    /// Whom a session was to push.
    attempted: BTreeMap<Uuid, BTreeSet<Key>>,
    refused: BTreeMap<Uuid, BTreeSet<Key>>,
    /// Tasks that a handler was called for.
    begun: BTreeSet<Uuid>,
    /// Tasks of which something stood in a journal that was lost.
    forgotten: BTreeSet<Uuid>,
    /// Tasks that were read to be carried out, and when.
    read: BTreeMap<Uuid, Duration>,
    /// When the walk through the list of tasks began that is under way, and when the last one that came to its end.
    walk: Option<Duration>,
    walked_since: Option<Duration>,
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
            answers: plan.answers,
            usual_limits: plan.usual_limits,
            inherits: plan.inherited.then_some(1),
            journal_from: 0,
            approvals: Vec::new(),
            completions: 0,
            baseline: Counts::default(),
            at_open: BTreeMap::new(),
            completed_at: Duration::ZERO,
            said: BTreeMap::new(),
            tried: BTreeMap::new(),
            taken: BTreeMap::new(),
            removed: BTreeMap::new(),
            of_yesterday: BTreeSet::new(),
            looks_left: 0,
            retold: BTreeMap::new(),
            let_go: BTreeMap::new(),
            begun: BTreeSet::new(),
            forgotten: BTreeSet::new(),
            read: BTreeMap::new(),
            attempted: BTreeMap::new(),
            refused: BTreeMap::new(),
            walk: None,
            walked_since: None,
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

    /// When a session was completed last.
    pub fn completed_at(&self) -> Duration {
        self.completed_at
    }

    pub fn process_begins(&mut self, process: u32) {
        self.process = process;
        self.another_clock();
        self.orphans += 1;
        (self.pause_until, self.failed_retries, self.successes) = (Duration::ZERO, 0, 0);
        self.failed.clear();
        self.read.clear();
        (self.walk, self.walked_since) = (None, None);
    }

    /// The next process has an empty journal. What this one was told and has begun is forgotten: what Iden holds has to be
    /// approved, and what may happen once at most may happen again.
    pub fn journal_is_lost(&mut self, server: &Server) {
        // An app that Iden does not have yet will be made by that journal.
        self.journal_from = self.process + 1;
        self.inherits = server.app.as_ref().map(|_| self.journal_from);
        // Whom a person has let go, the next one is asked about again.
        self.day_is_over();
        self.approvals.clear();
        self.said.clear();
        self.tried.clear();
        let over = server.tasks.values().filter(|task| task.ended.is_some() || task.reopened).map(|task| task.id);
        self.forgotten.extend(self.begun.iter().copied().chain(over));
    }

    /// Something happened at Iden.
    pub fn note(&mut self, now: Duration, event: &Event, server: &Server, world: &World) {
        match event {
            Event::Opened(id) => self.opened(now, *id, server),
            Event::Accepted(done) => self.completed(now, done, server, world),
            Event::Reported { task, status, ask } => self.reported(now, *task, status, ask, server, world),
            Event::Refused { task, status, ask } => self.refused(now, *task, status, ask, server),
            Event::Pushed(push) => self.pushed(now, push, server, world),
        }
    }
}
