//! How much may go without a person's word, and that word (invariant 6).

use std::collections::{BTreeMap, BTreeSet};

use iden_bridge::journal::{LossKind, PlanItem};
use uuid::Uuid;

use super::Oracle;
use crate::{
    iden::{Edge, Key},
    plan::Answers,
};

/// How many there are.
#[derive(Clone, Debug, Default)]
pub(super) struct Counts {
    /// By type.
    pub(super) records: BTreeMap<String, u64>,
    /// Memberships and assignments together.
    pub(super) edges: u64,
}

/// A person's word that something may go.
#[derive(Debug, Default)]
pub(super) struct Approved {
    /// The process at whose time it was given.
    pub(super) process: u32,
    pub(super) removed: BTreeSet<Key>,
    pub(super) deactivated: BTreeSet<Key>,
    pub(super) edges: BTreeSet<Edge>,
    pub(super) used: bool,
}

impl Approved {
    /// What a person reads, and agrees to.
    fn of(process: u32, plan: Vec<PlanItem>, answers: &Answers) -> Self {
        let mut approved = Approved { process, ..Approved::default() };
        for item in plan {
            let key = answers.key(&item.slug, &item.id);
            match item.kind {
                LossKind::Removed => drop(approved.removed.insert(key)),
                LossKind::Deactivated => drop(approved.deactivated.insert(key)),
                LossKind::Edge => approved.edges.extend(item.target.map(|(slug, id)| (key, answers.key(&slug, &id)))),
            }
        }
        approved
    }
}

impl Oracle {
    /// A person approves a plan.
    pub fn approved(&mut self, plan: Vec<PlanItem>) {
        self.approvals.push(Approved::of(self.process, plan, &self.answers));
    }

    /// How many of a type may go in this session. Some more than that: what the engine knew is not known here.
    pub(super) fn allowed(&self, slug: &str, session: Uuid) -> u64 {
        let of_type = |counts: &Counts| counts.records.get(slug).copied().unwrap_or(0);
        let (percent, most) = match slug {
            "employee" => (if self.usual_limits { 5 } else { 60 }, 100),
            "team" => (if self.usual_limits { 10 } else { 60 }, 20),
            _ => (10, 50),
        };
        share(self.before(session, of_type), percent, most)
    }

    pub(super) fn allowed_edges(&self, session: Uuid) -> u64 {
        share(self.before(session, |counts| counts.edges), if self.usual_limits { 10 } else { 90 }, 2_000)
    }

    fn before(&self, session: Uuid, of: impl Fn(&Counts) -> u64) -> u64 {
        self.at_open.get(&session).map_or(0, &of).max(of(&self.baseline)) + 5
    }
}

fn share(before: u64, percent: u64, most: u64) -> u64 {
    let any_case = match before {
        0..=10 => 1,
        11..=30 => 2,
        _ => 3,
    };
    (before * percent).div_ceil(100).max(any_case).min(most)
}
