//! Which lane an account's tasks are in.

use std::collections::{BTreeSet, HashMap};

use super::LaneId;
use crate::{
    journal::LoginKey,
    tasks::subject::{IdKey, Subject},
};

/// Lanes by the names of their accounts.
#[derive(Debug, Default)]
pub(super) struct Directory {
    by_id: HashMap<IdKey, LaneId>,
    /// The lane in which an account gets this login, and the lanes of the accounts that have it.
    claimants: HashMap<LoginKey, LaneId>,
    owners: BTreeSet<(LoginKey, LaneId)>,
    /// Under what each lane stands here, sorted.
    entries: HashMap<LaneId, Vec<Entry>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Entry {
    Id(IdKey),
    Claimant(LoginKey),
    Owner(LoginKey),
}

impl Directory {
    /// The lanes that this subject belongs to: several turn out to be one person's, then.
    ///
    /// Two existing accounts may share an address, and still have lanes of their own. But a task that gives an account a
    /// login must run in order with the tasks of every account that has this login or gets it: one of them may be the same
    /// person, or may have to free the login first.
    pub(super) fn find(&self, subject: &Subject) -> BTreeSet<LaneId> {
        let mut found: BTreeSet<LaneId> = subject.id.and_then(|id| self.by_id.get(&id)).copied().into_iter().collect();
        found.extend(subject.owned().chain(subject.claimed()).filter_map(|login| self.claimants.get(&login)));
        for login in subject.claimed() {
            found.extend(self.owners.range((login, 0)..=(login, LaneId::MAX)).map(|(_, lane)| lane));
        }
        found
    }

    /// Finds this subject in that lane from now on.
    pub(super) fn enter(&mut self, subject: &Subject, lane: LaneId) {
        let logins = subject.owned().map(Entry::Owner).chain(subject.claimed().map(Entry::Claimant));
        subject.id.map(Entry::Id).into_iter().chain(logins).for_each(|entry| self.add(entry, lane));
    }

    /// Finds in `into` what was found in `from`.
    pub(super) fn join(&mut self, from: LaneId, into: LaneId) {
        for entry in self.remove(from) {
            self.add(entry, into);
        }
    }

    /// Forgets a lane.
    pub(super) fn close(&mut self, lane: LaneId) {
        self.remove(lane);
    }

    fn add(&mut self, entry: Entry, lane: LaneId) {
        match entry {
            Entry::Id(id) => drop(self.by_id.insert(id, lane)),
            Entry::Claimant(login) => drop(self.claimants.insert(login, lane)),
            Entry::Owner(login) => drop(self.owners.insert((login, lane))),
        }
        let entries = self.entries.entry(lane).or_default();
        if let Err(at) = entries.binary_search(&entry) {
            entries.insert(at, entry);
        }
    }

    fn remove(&mut self, lane: LaneId) -> Vec<Entry> {
        let entries = self.entries.remove(&lane).unwrap_or_default();
        for entry in &entries {
            match entry {
                Entry::Id(id) => drop(self.by_id.remove(id)),
                Entry::Claimant(login) => drop(self.claimants.remove(login)),
                Entry::Owner(login) => drop(self.owners.remove(&(*login, lane))),
            }
        }
        entries
    }

    #[cfg(any(test, feature = "fuzzing"))]
    pub(super) fn is_empty(&self) -> bool {
        self.by_id.is_empty() && self.claimants.is_empty() && self.owners.is_empty() && self.entries.is_empty()
    }
}
