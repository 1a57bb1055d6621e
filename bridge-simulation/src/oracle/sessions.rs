//! What completing a session may take away: invariants 1, 2, 3, 6, 7 and 14.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use uuid::Uuid;

use super::{
    Approved, Oracle,
    facts::{is_ordered, stands_there},
};
use crate::{
    iden::{Ask, Key, Server, sessions::Stands},
    system::World,
};

/// How long a request is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

impl Oracle {
    pub(super) fn opened(&mut self, now: Duration, id: Uuid, server: &Server) {
        let mut active = BTreeMap::new();
        for (key, _) in server.records.iter().filter(|(_, held)| held.active) {
            *active.entry(key.0.clone()).or_default() += 1;
        }
        self.active_at_open.insert(id, active);
        let open = server.sessions.values().filter(|one| one.stands == Stands::Open).count() as u64;
        if open > 1 + self.orphans {
            self.violated(now, 14, format_args!("{open} sessions are open"));
        }
    }

    pub(super) fn completed(&mut self, now: Duration, id: Uuid, ask: &Ask, server: &Server, world: &World) {
        self.completions += 1;
        let session = &server.sessions[&id];
        for key in &session.removes {
            let Some((since, touched)) = stands_there(key, world) else { continue };
            if since <= session.opened {
                self.violated(now, 1, format_args!("{key:?} was there all the time, and is removed"));
            } else if touched.is_some_and(|touched| touched <= ask.sent + PATIENCE) {
                self.violated(now, 2, format_args!("{key:?}, whom a task has touched, is removed"));
            }
        }
        let attempted = self.attempted.remove(&id).unwrap_or_default();
        let refused = self.refused.remove(&id).unwrap_or_default();
        for key in attempted.iter().filter(|key| !session.pushed.contains_key(*key)) {
            let was_held = server.records.get(key).is_some_and(|held| held.active);
            if was_held || !refused.contains(key) {
                self.violated(now, 3, format_args!("{key:?} was not taken, and the session is completed"));
            }
        }
        let mut by_type: BTreeMap<&str, BTreeSet<Key>> = BTreeMap::new();
        // Whom a session before this one removes, in a clean-up that goes on, is not removed again.
        let going: BTreeSet<&Key> =
            server.sessions.iter().filter(|(other, _)| **other != id).flat_map(|(_, other)| other.going()).collect();
        let counts = |key: &&Key| {
            let ordered = is_ordered(key, &["delete_account"], server, world);
            !going.contains(*key) && !ordered
        };
        for key in session.removes.iter().filter(counts) {
            by_type.entry(&key.0).or_default().insert(key.clone());
        }
        let is_first = std::mem::take(&mut self.inherited);
        if is_first && self.approvals.is_empty() {
            self.violated(now, 7, "the first session of an inherited app is completed without approval");
        }
        let over: Vec<(&str, BTreeSet<Key>)> =
            by_type.into_iter().filter(|(slug, gone)| gone.len() as u64 > self.allowed(slug, id)).collect();
        if !over.is_empty() && !is_first {
            let covers = |one: &Approved| over.iter().all(|(_, gone)| gone.is_subset(&one.removed));
            match self.approvals.iter_mut().find(|one| !one.used && covers(one)) {
                Some(one) => one.used = true,
                None => self.violated(
                    now,
                    6,
                    format!("{over:?} are removed, and nobody has approved it: {:?}", self.approvals),
                ),
            }
        }
        self.baseline.clear();
        for (slug, _) in session.pushed.keys() {
            *self.baseline.entry(slug.clone()).or_default() += 1;
        }
    }

    pub(super) fn reduced(&mut self, now: Duration, id: Uuid, key: &Key, server: &Server, world: &World) {
        let orders = ["delete_account", "suspend_account"];
        let count =
            server.sessions[&id].deactivated.iter().filter(|key| !is_ordered(key, &orders, server, world)).count();
        if count as u64 > self.allowed(&key.0, id) && self.approvals.is_empty() {
            self.violated(now, 6, format_args!("{count} of {} become inactive, and nobody has approved it", key.0));
        }
    }

    /// How many of a type may go in this session. Some more than that: what the engine knew is not known here.
    fn allowed(&self, slug: &str, session: Uuid) -> u64 {
        let at_open = self.active_at_open.get(&session).and_then(|active| active.get(slug)).copied().unwrap_or(0);
        let before = at_open.max(self.baseline.get(slug).copied().unwrap_or(0)) + 5;
        let (percent, most) = match slug {
            "employee" => (if self.usual_limits { 5 } else { 60 }, 100),
            "team" => (if self.usual_limits { 10 } else { 60 }, 20),
            _ => (10, 50),
        };
        let any_case = if before <= 10 {
            1
        } else if before <= 30 {
            2
        } else {
            3
        };
        (before * percent).div_ceil(100).max(any_case).min(most)
    }
}
