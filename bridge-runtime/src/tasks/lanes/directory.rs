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
    /// Which lane makes an account of this login, and which ones have one.
    makers: HashMap<LoginKey, LaneId>,
    owners: BTreeSet<(LoginKey, LaneId)>,
    /// Under what each lane stands here, sorted.
    entries: HashMap<LaneId, Vec<Entry>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Entry {
    Id(IdKey),
    Maker(LoginKey),
    Owner(LoginKey),
}

impl Directory {
    /// The lanes that this subject belongs to: several turn out to be one person's, then.
    ///
    /// Two accounts that are there may share an address: they are not one for that. But an account that is to be made is
    /// perhaps one of them.
    pub(super) fn find(&self, subject: &Subject) -> BTreeSet<LaneId> {
        let mut found: BTreeSet<LaneId> = subject.id.and_then(|id| self.by_id.get(&id)).copied().into_iter().collect();
        for login in subject.logins() {
            found.extend(self.makers.get(&login));
            if subject.is_to_be_made() {
                found.extend(self.owners.range((login, 0)..=(login, LaneId::MAX)).map(|(_, lane)| lane));
            }
        }
        found
    }

    /// Finds this subject in that lane from now on.
    pub(super) fn enter(&mut self, subject: &Subject, lane: LaneId) {
        let of_login = |login| if subject.is_to_be_made() { Entry::Maker(login) } else { Entry::Owner(login) };
        let logins = subject.logins().map(of_login);
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
            Entry::Maker(login) => drop(self.makers.insert(login, lane)),
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
                Entry::Maker(login) => drop(self.makers.remove(login)),
                Entry::Owner(login) => drop(self.owners.remove(&(*login, lane))),
            }
        }
        entries
    }

    #[cfg(any(test, feature = "fuzzing"))]
    pub(super) fn is_empty(&self) -> bool {
        self.by_id.is_empty() && self.makers.is_empty() && self.owners.is_empty() && self.entries.is_empty()
    }
}
