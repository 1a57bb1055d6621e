//! What has gone without a person's word, session after session: the sum of a day (invariant 6). No history is longer than a
//! day, but for a clock that jumps.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::{
    Oracle,
    facts::{is_ordered, is_ordered_edge},
};
use crate::{
    iden::{Edge, Key, Server, edges::targets},
    system::World,
};

impl Oracle {
    /// The connector's clock has jumped, or its journal is lost: what went before is of another day to it.
    pub fn day_is_over(&mut self) {
        self.removed.clear();
        self.of_yesterday.extend(self.taken.keys());
    }

    /// Whether these are too many, with those that sessions before have removed and who are still away: twice as many as one
    /// session may.
    pub(super) fn is_too_much_for_a_day(
        &self,
        slug: &str,
        gone: &BTreeSet<Key>,
        allowed: u64,
        server: &Server,
    ) -> bool {
        let is_away = |key: &&Key| !gone.contains(*key) && !server.records[*key].active;
        let before = self.removed.get(slug).into_iter().flatten().filter(is_away).count();
        before > 0 && (before + gone.len()) as u64 > 2 * allowed
    }

    /// A session has removed them.
    pub(super) fn note_removed(&mut self, gone: BTreeMap<&str, BTreeSet<Key>>) {
        for (slug, mut gone) in gone {
            gone.retain(|key| !self.approvals.iter().any(|one| one.removed.contains(key)));
            self.removed.entry(slug.to_owned()).or_default().extend(gone);
        }
    }

    /// What pages of this session and of those before have taken away, as far as it is so still, nobody has ordered it, and
    /// nobody was asked. `None`: that is not too much, or nothing of it was before this session.
    pub(super) fn taken_in_a_day(
        &self,
        slug: &str,
        session: Uuid,
        server: &Server,
        world: &World,
    ) -> Option<(BTreeSet<&Key>, BTreeSet<&Edge>)> {
        let is_unasked = |key: &Key| !self.approvals.iter().any(|one| one.deactivated.contains(key));
        let is_out = |key: &Key| self.said.get(key).is_some_and(|said| !said.in_use);
        let by_itself = |key: &Key| !is_ordered(key, &["delete_account", "suspend_account"], server, world);
        let ended = |key: &&Key| is_unasked(key) && is_out(key) && by_itself(key);
        let is_left = |edge: &Edge| self.said.get(&edge.0).is_some_and(|said| !targets(&said.edges).contains(&edge.1));
        let lost = |edge: &&Edge| {
            let is_unasked = !self.approvals.iter().any(|one| one.edges.contains(*edge));
            is_unasked && is_left(edge) && !is_ordered_edge(edge, server, world)
        };
        let (mut accounts, mut edges) = (BTreeSet::new(), BTreeSet::new());
        let mut of = |id: &Uuid| {
            let taken = &self.taken[id];
            accounts.extend(taken.deactivated.iter().filter(ended));
            edges.extend(taken.edges.iter().filter(lost));
            (accounts.len(), edges.len())
        };
        let others = self.taken.keys().filter(|one| **one != session && !self.of_yesterday.contains(*one));
        let before = others.map(&mut of).last().unwrap_or_default();
        let all = of(&session);
        let is_beyond =
            |before: usize, all: usize, allowed: u64| 0 < before && before < all && all as u64 > 2 * allowed;
        let (ends, loses) = (
            is_beyond(before.0, all.0, self.allowed(slug, session)),
            is_beyond(before.1, all.1, self.allowed_edges(session)),
        );
        if !ends {
            accounts.clear();
        }
        if !loses {
            edges.clear();
        }
        (ends || loses).then_some((accounts, edges))
    }
}
