//! What completing a session may take away: invariants 1, 2, 3, 6, 7 and 14.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use uuid::Uuid;

use super::{
    Oracle,
    allowed::Counts,
    facts::{is_made_unseen, is_ordered, stands_there},
};
use crate::{
    iden::{Accepted, Key, Server, sessions::Stands},
    system::World,
};

/// How long a request is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// Whether a task has touched somebody when nobody waited for this request any more.
fn is_after(sent: Duration) -> impl Fn((Duration, Option<Duration>)) -> bool {
    move |(_, touched)| touched.is_some_and(|touched| touched > sent + PATIENCE)
}

fn by_type<'a>(keys: impl Iterator<Item = &'a Key>) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    keys.for_each(|(slug, _)| *counts.entry(slug.clone()).or_default() += 1);
    counts
}

impl Oracle {
    pub(super) fn opened(&mut self, now: Duration, id: Uuid, server: &Server) {
        self.clock_is_looked_at();
        let mut there: BTreeSet<&Key> =
            server.records.iter().filter(|(_, held)| held.active).map(|(key, _)| key).collect();
        // Also whom tasks have made, and Iden shows only from the next session on (question P17); and whom tasks have deleted,
        // who are in use no more and count as long as nobody has looked: until a session is completed.
        let since = self.completed_at;
        let moved = server.tasks.values().filter(|task| task.has_moved_somebody() && task.ended_at >= since);
        let moved: BTreeSet<Key> = moved.map(|task| task.key(&self.answers)).collect();
        there.extend(&moved);
        // What was to be pushed since may have come.
        there.extend(self.tried.keys());
        let edges = self.edges_of(there.iter().copied());
        self.at_open.insert(id, Counts { records: by_type(there.into_iter()), edges });
        let open = server.sessions.values().filter(|one| one.stands == Stands::Open).count() as u64;
        if open > 1 + self.orphans {
            self.violated(now, 14, format_args!("{open} sessions are open"));
        }
    }

    pub(super) fn completed(&mut self, now: Duration, done: &Accepted, server: &Server, world: &World) {
        self.completions += 1;
        self.completed_at = now;
        let Accepted { session: id, ask, was_abandoned } = done;
        let session = &server.sessions[id];
        // When a request arrives that nobody waits for any more, there is no help against an Iden that completes what was
        // abandoned (question P3), and none once the journal is lost that knew of the session.
        let is_past_help = ask.late && (*was_abandoned || ask.by < self.journal_from);
        if !is_past_help {
            // A request of an earlier journal may still be on its way.
            let inherits = self.inherits.take_if(|from| ask.by >= *from);
            // Whom a session before this one removes, in a clean-up that goes on, is not removed again.
            let others = server.sessions.iter().filter(|(other, _)| *other != id);
            let going: BTreeSet<&Key> = others.flat_map(|(_, other)| other.going(&server.records)).collect();
            // What a request brings that nobody waits for any more, the connector does not know.
            let is_new_loss = |key: &Key| !going.contains(key) && !server.records[key].brought_late;
            let removes: Vec<&Key> = session.removes.iter().filter(|key| is_new_loss(key)).collect();
            let mut spares = server.spared_by(session);
            spares.retain(|key| is_new_loss(key));
            let lets_go: Vec<&Key> =
                removes.iter().copied().chain(&spares).filter(|key| !self.was_let_go(key, server)).collect();
            self.misses_nothing(now, *id, &going, server);
            match inherits {
                // Whom its read has missed nothing tells from who has left: that is what a person is asked for.
                Some(from) => {
                    let pushed = session.pushed.keys().cloned().collect();
                    self.has_somebodys_word(now, from, &pushed);
                    self.approvals.iter_mut().for_each(|one| one.use_up(*id));
                }
                None => {
                    self.removes_nobody_there(now, &removes, session.opened, ask.sent, server, world);
                    let late = |key: &Key| {
                        stands_there(key, &self.answers, world).is_some_and(is_after(ask.sent))
                            || self.is_retold(key, server)
                            || server.records[key].upserted > ask.sent + PATIENCE
                    };
                    let lets_go: Vec<&Key> = lets_go.into_iter().filter(|key| !late(key)).collect();
                    self.lets_go_no_more_than_allowed(now, &lets_go, *id, server, world);
                }
            }
            // By no word a second time, whether it was needed or not.
            for one in &mut self.approvals {
                session.removes.iter().chain(&spares).for_each(|key| one.removed.take(key, *id));
            }
            self.let_go.extend(spares.into_iter().map(|key| (key, now)));
        }
        self.tried.clear();
        let edges = self.edges_of(session.pushed.keys());
        self.baseline = Counts { records: by_type(session.pushed.keys()), edges };
        // Who comes back is a new one.
        session.removes.iter().for_each(|key| drop(self.said.remove(key)));
    }

    /// Whether a completed session has let it go before, and Iden has left it alone with all of its type (question P12).
    /// What a task or a page brings back is a new one; but for a page that nobody waits for any more.
    fn was_let_go(&self, key: &Key, server: &Server) -> bool {
        let held = &server.records[key];
        self.let_go.get(key).is_some_and(|then| held.upserted_in_time.is_none_or(|at| at <= *then))
    }

    fn removes_nobody_there(
        &mut self,
        now: Duration,
        removes: &[&Key],
        opened: Duration,
        sent: Duration,
        server: &Server,
        world: &World,
    ) {
        for key in removes {
            let Some((since, touched)) = stands_there(key, &self.answers, world) else { continue };
            // The system writes the id in another way now. To Iden it is another record, and a person says that this one may go.
            let is_respelled = world
                .person(key)
                .is_some_and(|one| self.answers.key(&key.0, &world.names.id(one.number, one.spelling)) != **key);
            if is_respelled {
                // Iden itself may have ordered the removal, before the account was created again outside of Iden.
                if is_ordered(key, &["delete_account"], server, world) {
                    continue;
                }
                if !self.approvals.iter().any(|one| one.removed.lists(key)) {
                    self.violated(
                        now,
                        6,
                        format_args!("{key:?} has another spelling now, and nobody has approved that it is removed"),
                    );
                }
                continue;
            }
            // Nobody can know of them: the system has not told whom it made, and did not show them at first.
            if is_made_unseen(key, opened, world) {
                continue;
            }
            if since <= opened {
                self.violated(now, 1, format_args!("{key:?} was there all the time, and is removed"));
            } else if touched.is_some() && !is_after(sent)((since, touched)) {
                self.violated(now, 2, format_args!("{key:?}, whom a task has touched, is removed"));
            }
        }
    }

    fn misses_nothing(&mut self, now: Duration, id: Uuid, going: &BTreeSet<&Key>, server: &Server) {
        let attempted = self.attempted.remove(&id).unwrap_or_default();
        let refused = self.refused.remove(&id).unwrap_or_default();
        for key in attempted.iter().filter(|key| !server.sessions[&id].pushed.contains_key(*key)) {
            let was_held =
                server.records.get(key).is_some_and(|held| held.active && !held.brought_late) && !going.contains(key);
            if was_held || !refused.contains(key) {
                self.violated(now, 3, format_args!("{key:?} was not taken, and the session is completed"));
            }
        }
    }

    /// A person agreed to all that is pushed, or to less.
    fn has_somebodys_word(&mut self, now: Duration, from: u32, pushed: &BTreeSet<Key>) {
        if !self.approvals.iter().any(|one| one.process >= from && one.pushed.is_subset(pushed)) {
            self.violated(now, 7, "the first session of an app older than its journal is completed without approval");
        }
    }

    fn lets_go_no_more_than_allowed(
        &mut self,
        now: Duration,
        lets_go: &[&Key],
        id: Uuid,
        server: &Server,
        world: &World,
    ) {
        let mut gone: BTreeMap<&str, BTreeSet<Key>> = BTreeMap::new();
        for key in lets_go.iter().filter(|key| !is_ordered(key, &["delete_account"], server, world)) {
            gone.entry(&key.0).or_default().insert((*key).clone());
        }
        let is_emptied = |slug: &str| {
            let was_there = self.baseline.records.get(slug).is_some_and(|records| *records > 0);
            was_there && !server.sessions[&id].pushed.keys().any(|key| key.0 == slug)
        };
        let all = gone.clone();
        gone.retain(|slug, gone| {
            let allowed = self.allowed(slug, id);
            is_emptied(slug)
                || gone.len() as u64 > allowed
                || self.is_too_much_for_a_day(slug, gone, allowed, server, world)
        });
        self.note_removed(all);
        let gone: Vec<&Key> = gone.values().flatten().collect();
        if !gone.is_empty() && !self.approvals.iter().any(|one| gone.iter().all(|key| one.removed.lets(key, id))) {
            let why = format!("{gone:?} are removed, and nobody has approved it: {:?}", self.approvals);
            self.violated(now, 6, why);
        }
    }

    /// Whether Iden shows it only because a creation that was open again there was reported once more: that is done beside a
    /// session that is being completed.
    fn is_retold(&self, key: &Key, server: &Server) -> bool {
        self.retold.get(key).is_some_and(|at| server.records[key].upserted == *at)
    }
}
