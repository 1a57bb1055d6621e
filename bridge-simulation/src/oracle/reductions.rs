//! What pages take away at once: accounts that are in use no more, memberships and assignments (invariant 6).

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use uuid::Uuid;

use super::{
    Oracle,
    allowed::{Approved, Once},
    facts::{is_ordered, is_ordered_edge},
};
use crate::{
    iden::{
        Edge, Key, Push, Server,
        edges::{Edges, count, targets},
    },
    system::World,
};

/// What the last page that named an account said of it.
#[derive(Debug)]
pub(super) struct Said {
    pub(super) in_use: bool,
    pub(super) edges: Edges,
}

/// What the pages of one session have taken away, without an order.
#[derive(Debug, Default)]
pub(super) struct Taken {
    pub(super) deactivated: BTreeSet<Key>,
    pub(super) edges: BTreeSet<Edge>,
}

impl Taken {
    /// What was taken from accounts of this type: each has limits of its own.
    fn of_type(&self, slug: &str) -> Taken {
        let deactivated = self.deactivated.iter().filter(|account| account.0 == slug).cloned().collect();
        let edges = self.edges.iter().filter(|(account, _)| account.0 == slug).cloned().collect();
        Taken { deactivated, edges }
    }
}

impl Oracle {
    /// An account came in a page. What a page says against the page before is what it takes away: Iden itself may end an
    /// edge at once or with the session (question P14), may change its own view by tasks (P17), and a page that comes late
    /// undoes what was judged long ago.
    pub(super) fn pushed(&mut self, now: Duration, push: &Push, server: &Server, world: &World) {
        let Push { session, key, edges, in_use, .. } = push;
        if push.late {
            return;
        }
        let said = self.said.insert(key.clone(), Said { in_use: *in_use, edges: edges.clone() });
        // It is new, or the journal is.
        let Some(said) = said else { return };
        // A new spelling is a new record to the connector, even if Iden takes both for one.
        if world.names.number(key).is_some_and(|number| world.respelled.contains(&number)) {
            return;
        }
        let taken = self.taken.entry(*session).or_default();
        let takes = said.edges != *edges || (said.in_use && !in_use);
        if *in_use {
            taken.deactivated.remove(key);
        } else if said.in_use {
            taken.deactivated.insert(key.clone());
        }
        // Also what was ordered since.
        taken.deactivated.retain(|one| !is_ordered(one, &["delete_account", "suspend_account"], server, world));
        taken.edges.retain(|edge| !is_ordered_edge(edge, server, world));
        if said.edges != *edges {
            let (said, named) = (targets(&said.edges), targets(edges));
            let pushed = &server.sessions[session].pushed;
            // Whose group or license goes as well is counted there.
            let counts = |edge: &Edge| pushed.contains_key(&edge.1) && !is_ordered_edge(edge, server, world);
            let gone = said.difference(&named).map(|target| (key.clone(), target.clone()));
            taken.edges.extend(gone.filter(counts));
            taken.edges.retain(|(account, target)| account != key || !named.contains(target));
        }
        let taken = &self.taken[session];
        // What has gone may not go again by the same word, whatever becomes of the session.
        for one in &mut self.approvals {
            taken.deactivated.iter().for_each(|key| one.deactivated.take(key, *session));
            taken.edges.iter().for_each(|edge| one.edges.take(edge, *session));
        }
        let taken = taken.of_type(&key.0);
        let ended = (!self
            .may_go(&taken.deactivated, self.allowed(&key.0, *session), *session, |one| &one.deactivated))
        .then(|| format!("{:?} become inactive, and nobody has approved it", taken.deactivated));
        let lost = (!self.may_go(&taken.edges, self.allowed_edges(&key.0, *session), *session, |one| &one.edges))
            .then(|| format!("{:?} end, and nobody has approved it: {:?}", taken.edges, self.approvals));
        let (accounts, edges) =
            if takes { self.taken_in_a_day(&key.0, *session, server, world) } else { Default::default() };
        let day = (!accounts.is_empty() || !edges.is_empty())
            .then(|| format!("{accounts:?} become inactive and {edges:?} end in one day, and nobody has approved it"));
        ended.into_iter().chain(lost).chain(day).for_each(|why| self.violated(now, 6, why));
    }

    /// Whether so many may go, or a person has approved them, but for as many as may go unseen.
    fn may_go<T: Ord>(
        &self,
        taken: &BTreeSet<T>,
        allowed: u64,
        session: Uuid,
        of: impl Fn(&Approved) -> &Once<T>,
    ) -> bool {
        let rest = |approved: &Once<T>| taken.iter().filter(|one| !approved.lets(one, session)).count() as u64;
        taken.len() as u64 <= allowed || self.approvals.iter().any(|one| rest(of(one)) <= allowed)
    }

    /// How many edges Iden was told of, of these accounts.
    pub(super) fn edges_of<'a>(&self, accounts: impl Iterator<Item = &'a Key>) -> BTreeMap<String, u64> {
        let said = |key| self.said.get(key).map_or(0, |said| count(&said.edges));
        let mut edges = BTreeMap::new();
        for key in accounts {
            let of_one = said(key).max(self.tried.get(key).copied().unwrap_or(0));
            *edges.entry(key.0.clone()).or_default() += of_one;
        }
        edges
    }
}
