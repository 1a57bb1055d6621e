//! How much may go without a person's word, and that word (invariant 6).

use std::collections::{BTreeMap, BTreeSet};

use iden_bridge::journal::{LossKind, PlanItem};
use uuid::Uuid;

use super::Oracle;
use crate::{
    iden::{Edge, Key},
    plan::Answers,
    system::names::{CONTRACTOR, EMPLOYEE, SITE, TEAM},
};

/// How many there are.
#[derive(Clone, Debug, Default)]
pub(super) struct Counts {
    /// By type.
    pub(super) records: BTreeMap<String, u64>,
    /// Memberships and assignments together, by the type of the accounts that have them.
    pub(super) edges: BTreeMap<String, u64>,
}

/// A person's word that something may go.
#[derive(Debug, Default)]
pub(super) struct Approved {
    /// The process at whose time it was given.
    pub(super) process: u32,
    pub(super) removed: Once<Key>,
    pub(super) deactivated: Once<Key>,
    pub(super) edges: Once<Edge>,
    /// For an app that is older than its journal: the records that were pushed when the person agreed.
    pub(super) pushed: BTreeSet<Key>,
}

/// What may go, each once: by the session that has taken it, if one has.
#[derive(Debug)]
pub(super) struct Once<T>(BTreeMap<T, Option<Uuid>>);

impl<T> Default for Once<T> {
    fn default() -> Self {
        Once(BTreeMap::new())
    }
}

impl<T: Ord> Once<T> {
    /// Whether a person was asked about it, whatever has become of that.
    pub(super) fn lists(&self, one: &T) -> bool {
        self.0.contains_key(one)
    }

    pub(super) fn lets(&self, one: &T, session: Uuid) -> bool {
        self.0.get(one).is_some_and(|taken| taken.is_none_or(|by| by == session))
    }

    pub(super) fn take(&mut self, one: &T, session: Uuid) {
        if let Some(taken) = self.0.get_mut(one) {
            taken.get_or_insert(session);
        }
    }

    fn take_all(&mut self, session: Uuid) {
        self.0.values_mut().filter(|taken| taken.is_none()).for_each(|taken| *taken = Some(session));
    }
}

impl Approved {
    /// What a person reads, and agrees to.
    fn of(process: u32, plan: Vec<PlanItem>, pushed: &[(String, String)], answers: &Answers) -> Self {
        let pushed = pushed.iter().map(|(slug, id)| answers.key(slug, id)).collect();
        let mut approved = Approved { process, pushed, ..Approved::default() };
        for item in plan {
            let key = answers.key(&item.slug, &item.id);
            match item.kind {
                LossKind::Removed => drop(approved.removed.0.insert(key, None)),
                LossKind::Deactivated => drop(approved.deactivated.0.insert(key, None)),
                LossKind::Edge => {
                    let edge = item.target.map(|(slug, id)| (key, answers.key(&slug, &id)));
                    approved.edges.0.extend(edge.map(|edge| (edge, None)));
                }
            }
        }
        approved
    }

    /// The first session of an app older than its journal was completed: that is what it was given for.
    pub(super) fn use_up(&mut self, session: Uuid) {
        self.removed.take_all(session);
        self.deactivated.take_all(session);
        self.edges.take_all(session);
    }
}

impl Oracle {
    /// A person approves a plan.
    pub fn approved(&mut self, plan: Vec<PlanItem>, pushed: &[(String, String)]) {
        self.approvals.push(Approved::of(self.process, plan, pushed, &self.answers));
    }

    /// How many of a type may go in this session. Some more than that: what the engine knew is not known here.
    pub(super) fn allowed(&self, slug: &str, session: Uuid) -> u64 {
        let of_type = |counts: &Counts| counts.records.get(slug).copied().unwrap_or(0);
        let (percent, most) = match slug {
            EMPLOYEE | CONTRACTOR => (if self.usual_limits { 5 } else { 60 }, 100),
            TEAM | SITE => (if self.usual_limits { 10 } else { 60 }, 20),
            _ => (10, 50),
        };
        share(self.before(session, of_type), percent, most)
    }

    /// How many memberships and assignments of accounts of a type may end.
    pub(super) fn allowed_edges(&self, slug: &str, session: Uuid) -> u64 {
        let of_type = |counts: &Counts| counts.edges.get(slug).copied().unwrap_or(0);
        share(self.before(session, of_type), if self.usual_limits { 10 } else { 90 }, 2_000)
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
