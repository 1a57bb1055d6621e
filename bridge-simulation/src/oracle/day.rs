//! What has gone without a person's word, session after session: the sum of a day (invariant 6). No history is longer than a
//! day, but for a clock that jumps.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::{
    Oracle,
    facts::{is_ordered, is_ordered_edge},
    reductions::Taken,
};
use crate::{
    iden::{Edge, Key, Server, edges::targets},
    system::World,
};

impl Oracle {
    /// The connector's wall clock has jumped. The process compares it with time as it passes, so the day goes on. It looks
    /// before each session: one that ends before it has looked leaves a journal whose stamps are of another day, or of
    /// another time of this one.
    pub fn clock_has_jumped(&mut self) {
        // The request for a session may have left before the jump.
        self.looks_left = 2;
    }

    pub(super) fn clock_is_looked_at(&mut self) {
        self.looks_left = self.looks_left.saturating_sub(1);
    }

    /// Another process knows of a jump before it what the journal says.
    pub(super) fn another_clock(&mut self) {
        if std::mem::take(&mut self.looks_left) > 0 {
            self.day_is_over();
        }
    }

    /// What went before is of another day to the connector: its journal is lost, say.
    pub(super) fn day_is_over(&mut self) {
        self.removed.clear();
        self.of_yesterday.extend(self.taken.keys());
    }

    /// Whether these are too many, with those that sessions before have removed: twice as many as one session may. Only those who
    /// are still away, whose deletion nobody has ordered, and about whom nobody was asked, be it later: whom a task touches beside
    /// the session that removes it, the next one counts again.
    pub(super) fn is_too_much_for_a_day(
        &self,
        slug: &str,
        gone: &BTreeSet<Key>,
        allowed: u64,
        server: &Server,
        world: &World,
    ) -> bool {
        let is_away = |key: &&Key| {
            !gone.contains(*key)
                && !server.records[*key].active
                && !is_ordered(key, &["delete_account"], server, world)
                && !self.approvals.iter().any(|one| one.removed.lists(key))
        };
        let before = self.removed.get(slug).into_iter().flatten().filter(is_away).count();
        before > 0 && (before + gone.len()) as u64 > 2 * allowed
    }

    /// A session has removed them.
    pub(super) fn note_removed(&mut self, gone: BTreeMap<&str, BTreeSet<Key>>) {
        for (slug, gone) in gone {
            self.removed.entry(slug.to_owned()).or_default().extend(gone);
        }
    }

    /// The accounts and the edges that pages of this session and of those before have taken away, where that is too much for a day.
    /// Only as far as it is so still, nobody has ordered it, and nobody was asked. Whose group or license is gone by now is
    /// counted there.
    pub(super) fn taken_in_a_day(
        &self,
        slug: &str,
        session: Uuid,
        server: &Server,
        world: &World,
    ) -> (BTreeSet<&Key>, BTreeSet<&Edge>) {
        let pushed = &server.sessions[&session].pushed;
        let has_ended = |key: &Key| {
            key.0 == slug
                && self.said.get(key).is_some_and(|said| !said.in_use)
                && !is_ordered(key, &["delete_account", "suspend_account"], server, world)
                && !self.approvals.iter().any(|one| one.deactivated.lists(key))
        };
        let is_lost = |edge: &Edge| {
            edge.0.0 == slug
                && self.said.get(&edge.0).is_some_and(|said| !targets(&said.edges).contains(&edge.1))
                && pushed.contains_key(&edge.1)
                && !is_ordered_edge(edge, server, world)
                && !self.approvals.iter().any(|one| one.edges.lists(edge))
        };
        (
            self.beyond_a_day(session, |taken| &taken.deactivated, has_ended, self.allowed(slug, session)),
            self.beyond_a_day(session, |taken| &taken.edges, is_lost, self.allowed_edges(slug, session)),
        )
    }

    /// What all sessions of the day have taken, if this one adds to it and it is more than twice what one may.
    fn beyond_a_day<T: Ord>(
        &self,
        session: Uuid,
        of: impl Fn(&Taken) -> &BTreeSet<T>,
        counts: impl Fn(&T) -> bool,
        allowed: u64,
    ) -> BTreeSet<&T> {
        let others = self.taken.iter().filter(|(one, _)| **one != session && !self.of_yesterday.contains(*one));
        let before: BTreeSet<&T> = others.flat_map(|(_, taken)| of(taken)).filter(|one| counts(one)).collect();
        let now = of(&self.taken[&session]).iter().filter(|one| counts(one));
        let all: BTreeSet<&T> = before.iter().copied().chain(now).collect();
        let is_beyond = !before.is_empty() && before.len() < all.len() && all.len() as u64 > 2 * allowed;
        if is_beyond { all } else { BTreeSet::new() }
    }
}
