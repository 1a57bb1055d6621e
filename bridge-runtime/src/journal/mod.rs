//! What a connector remembers between runs: which app is its own, what was registered, what was held back, and which
//! tasks it has begun.
//!
//! A small file in the state directory, replaced as a whole and synced to disk before an effect that depends on it. A
//! lock file beside it keeps a second engine out. A person's approval is a file of its own: `approve` writes it beside a
//! running engine, and neither overwrites the other.

mod folder;
mod hold;
mod memory;

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    io,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bridge_core::wire::{AppId, SyncId, TaskId, TaskReport};
use jiff::Timestamp;

use folder::Folder;
pub use hold::{Approval, ApprovalError, Hold, HoldReason};
use memory::Memory;
pub use memory::Origin;

/// Why the journal cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JournalError {
    /// The file system says no.
    #[error("the journal {path} could not be {what}: {source}")]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// What was tried.
        what: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// Another engine works on this app.
    #[error(
        "another connector is running on this state: {path} is locked; stop it first, or give this one its own --state-dir"
    )]
    Locked {
        /// The lock file.
        path: PathBuf,
    },
    /// The file is there and is no journal of ours.
    #[error(
        "the journal {path} cannot be read: {why}; keep the file and look into it, or move it away to start anew (the app is then found by its name, and its first completion needs approval)"
    )]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
}

const STATE: &str = "state.json";
const APPROVAL: &str = "approval.json";

/// What a completed session held.
#[derive(Clone, Debug, Default)]
pub struct Completed {
    /// How many records it pushed, by slug.
    pub pushed: BTreeMap<String, u64>,
    /// The ids that it could not read, by slug.
    pub unreadable: BTreeMap<String, BTreeSet<String>>,
}

/// The open journal of one app.
#[derive(Debug)]
pub struct Journal {
    folder: Folder,
    memory: Memory,
}

impl Journal {
    /// Opens the journal in `directory`, for the one engine of an app: a second one is refused.
    ///
    /// # Errors
    /// Another engine has it, it cannot be read, or the file system says no.
    pub fn open(directory: PathBuf) -> Result<Self, JournalError> {
        Journal::read(Folder::locked(directory)?)
    }

    /// Opens the journal beside a running engine, for a short look or a short entry. Where there is none, it is empty.
    ///
    /// # Errors
    /// It cannot be read, or the file system says no.
    pub fn beside(directory: PathBuf) -> Result<Self, JournalError> {
        Journal::read(Folder::unlocked(directory))
    }

    fn read(folder: Folder) -> Result<Self, JournalError> {
        let memory = folder.read(STATE)?.unwrap_or_default();
        Ok(Journal { folder, memory })
    }

    /// The directory it lives in.
    #[must_use]
    pub fn directory(&self) -> &std::path::Path {
        self.folder.directory()
    }

    /// The app, if it is known.
    #[must_use]
    pub fn app(&self) -> Option<AppId> {
        self.memory.app
    }

    /// Where the app came from.
    #[must_use]
    pub fn origin(&self) -> Origin {
        self.memory.origin
    }

    /// Remembers the app.
    ///
    /// # Errors
    /// It could not be written.
    pub fn set_app(&mut self, app: AppId, origin: Origin) -> Result<(), JournalError> {
        self.memory = Memory { app: Some(app), origin, ..Memory::default() };
        self.save()
    }

    /// Every type that was registered, with the display name last sent.
    #[must_use]
    pub fn registered(&self) -> &BTreeMap<String, String> {
        &self.memory.registered
    }

    /// Remembers a registered type.
    ///
    /// # Errors
    /// It could not be written.
    pub fn set_registered(&mut self, slug: &str, name: &str) -> Result<(), JournalError> {
        self.memory.registered.insert(slug.to_owned(), name.to_owned());
        self.save()
    }

    /// How many records of each type Iden may hold from this connector: those of the last completed session, or of a
    /// larger one that was abandoned since.
    #[must_use]
    pub fn baseline(&self) -> &BTreeMap<String, u64> {
        &self.memory.baseline
    }

    /// When a session was completed last.
    #[must_use]
    pub fn completed_at(&self) -> Option<Timestamp> {
        self.memory.completed_at
    }

    /// Remembers what a session pushed, before it ends: an upsert acts at once, and stays when the session is abandoned.
    ///
    /// # Errors
    /// It could not be written.
    pub fn raise_baseline(&mut self, pushed: &BTreeMap<String, u64>) -> Result<(), JournalError> {
        for (slug, count) in pushed {
            let known = self.memory.baseline.entry(slug.clone()).or_default();
            *known = (*known).max(*count);
        }
        self.save()
    }

    /// Remembers a completed session: what it pushed is what Iden holds, and whom it could not read Iden does not hold.
    /// What was held and approved is settled by it.
    ///
    /// # Errors
    /// It could not be written.
    pub fn set_completed(&mut self, at: Timestamp, completed: Completed) -> Result<(), JournalError> {
        self.memory.baseline = completed.pushed;
        self.memory.strangers = completed.unreadable;
        self.memory.completed_at = Some(at);
        self.memory.held = None;
        self.memory.open_session = None;
        self.folder.remove(APPROVAL)?;
        self.save()
    }

    /// The ids of a type that the last completed session could not read, and that were not pushed since.
    #[must_use]
    pub fn strangers(&self, slug: &str) -> BTreeSet<String> {
        self.memory.strangers.get(slug).cloned().unwrap_or_default()
    }

    /// Iden may hold these from now on. Call it before they are pushed.
    ///
    /// # Errors
    /// It could not be written.
    pub fn introduce(&mut self, slug: &str, is_pushed: impl Fn(&str) -> bool) -> Result<(), JournalError> {
        let Some(strangers) = self.memory.strangers.get_mut(slug) else { return Ok(()) };
        let before = strangers.len();
        strangers.retain(|id| !is_pushed(id));
        if strangers.len() < before { self.save() } else { Ok(()) }
    }

    /// The session that was opened and not ended, by a process that was killed.
    #[must_use]
    pub fn open_session(&self) -> Option<SyncId> {
        self.memory.open_session
    }

    /// Remembers that a session is open, or that none is.
    ///
    /// # Errors
    /// It could not be written.
    pub fn set_open_session(&mut self, session: Option<SyncId>) -> Result<(), JournalError> {
        self.memory.open_session = session;
        self.save()
    }

    /// What was held last, waiting for approval.
    #[must_use]
    pub fn held(&self) -> Option<&Hold> {
        self.memory.held.as_ref()
    }

    /// Remembers what is held.
    ///
    /// # Errors
    /// It could not be written.
    pub fn set_held(&mut self, hold: Hold) -> Result<(), JournalError> {
        self.memory.held = Some(hold);
        self.save()
    }

    /// Approves the hold with this hash: it lets one completion through, within 24 hours.
    ///
    /// # Errors
    /// Nothing with this hash is held, or it could not be written.
    pub fn approve(&self, hash: &str, reason: &str, now: Timestamp) -> Result<Hold, ApprovalError> {
        let held = self.memory.held.clone().filter(|held| held.hash() == hash);
        let held = held.ok_or_else(|| ApprovalError::Unknown { hash: hash.to_owned() })?;
        self.folder.write(APPROVAL, &Approval::new(&held, reason, now))?;
        Ok(held)
    }

    /// Whether a person approved `hold`.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn is_approved(&self, hold: &Hold, now: Timestamp) -> Result<bool, JournalError> {
        let approval: Option<Approval> = self.folder.read(APPROVAL)?;
        Ok(approval.is_some_and(|approval| approval.covers(hold, now)))
    }

    /// Whether the task was begun before and its end was not written down: nobody knows whether its effect happened.
    #[must_use]
    pub fn was_begun(&self, task: TaskId) -> bool {
        self.memory.begun.contains_key(&task)
    }

    /// The tasks that were begun and whose end was not written down.
    pub(crate) fn begun(&self) -> impl Iterator<Item = TaskId> + '_ {
        self.memory.begun.keys().copied()
    }

    /// Writes down that a task is about to be carried out. Call it before the effect.
    ///
    /// # Errors
    /// It could not be written: the handler must not run.
    pub fn begin_task(&mut self, task: TaskId) -> Result<(), JournalError> {
        if self.was_begun(task) {
            return Ok(());
        }
        self.memory.begun.insert(task, None);
        self.save()
    }

    /// Writes down how a task ended, before that is reported: after a restart it is reported and not run again.
    ///
    /// # Errors
    /// It could not be written.
    pub fn set_outcome(&mut self, task: TaskId, report: TaskReport) -> Result<(), JournalError> {
        self.memory.begun.insert(task, Some(report));
        self.save()
    }

    /// How a task ended that is not reported yet.
    #[must_use]
    pub fn outcome(&self, task: TaskId) -> Option<TaskReport> {
        self.memory.begun.get(&task).cloned().flatten()
    }

    /// Writes down that a task is reported, or surely did nothing.
    ///
    /// # Errors
    /// It could not be written.
    pub fn end_task(&mut self, task: TaskId) -> Result<(), JournalError> {
        if self.memory.begun.remove(&task).is_some() { self.save() } else { Ok(()) }
    }

    /// Forgets every task but these: the others are settled on Iden's side.
    ///
    /// # Errors
    /// It could not be written.
    pub fn forget_tasks_but(&mut self, listed: &HashSet<TaskId>) -> Result<(), JournalError> {
        let before = self.memory.begun.len();
        self.memory.begun.retain(|task, _| listed.contains(task));
        if self.memory.begun.len() < before { self.save() } else { Ok(()) }
    }

    fn save(&mut self) -> Result<(), JournalError> {
        self.folder.write(STATE, &self.memory)
    }
}

/// A journal that the engines of one app share. It is locked for one entry at a time, and never across an await.
#[derive(Clone, Debug)]
pub(crate) struct SharedJournal(Arc<Mutex<Journal>>);

impl SharedJournal {
    pub(crate) fn new(journal: Journal) -> Self {
        SharedJournal(Arc::new(Mutex::new(journal)))
    }

    /// A panic elsewhere leaves the journal as it was before or after an entry: it is still good.
    pub(crate) fn lock(&self) -> MutexGuard<'_, Journal> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
