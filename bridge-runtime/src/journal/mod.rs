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
    collections::{BTreeMap, HashSet},
    io,
    path::PathBuf,
};

use bridge_core::wire::{AppId, TaskId};
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

/// The open journal of one app.
#[derive(Debug)]
pub struct Journal {
    folder: Folder,
    memory: Memory,
    is_new: bool,
}

impl Journal {
    /// Opens the journal in `directory`, for the one engine of an app: a second one is refused.
    ///
    /// # Errors
    /// Another engine has it, it cannot be read, or the file system says no.
    pub fn open(directory: PathBuf) -> Result<Self, JournalError> {
        Journal::read(Folder::locked(directory)?)
    }

    /// Opens the journal beside a running engine, for a short look or a short entry.
    ///
    /// # Errors
    /// It cannot be read, or the file system says no.
    pub fn beside(directory: PathBuf) -> Result<Self, JournalError> {
        Journal::read(Folder::unlocked(directory)?)
    }

    fn read(folder: Folder) -> Result<Self, JournalError> {
        let (memory, is_new) = match folder.read(STATE)? {
            Some(memory) => (memory, false),
            None => (Memory::default(), true),
        };
        Ok(Journal { folder, memory, is_new })
    }

    /// The directory it lives in.
    #[must_use]
    pub fn directory(&self) -> &std::path::Path {
        self.folder.directory()
    }

    /// Whether there was none before.
    #[must_use]
    pub fn is_new(&self) -> bool {
        self.is_new
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

    /// Remembers a completed session: what it pushed is what Iden holds. What was held and approved is settled by it.
    ///
    /// # Errors
    /// It could not be written.
    pub fn set_completed(&mut self, at: Timestamp, pushed: BTreeMap<String, u64>) -> Result<(), JournalError> {
        self.memory.baseline = pushed;
        self.memory.completed_at = Some(at);
        self.memory.held = None;
        self.folder.remove(APPROVAL)?;
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
        self.memory.begun.contains(&task)
    }

    /// The tasks that were begun and whose end was not written down.
    pub(crate) fn begun(&self) -> impl Iterator<Item = TaskId> + '_ {
        self.memory.begun.iter().copied()
    }

    /// Writes down that a task is about to be carried out. Call it before the effect.
    ///
    /// # Errors
    /// It could not be written: the handler must not run.
    pub fn begin_task(&mut self, task: TaskId) -> Result<(), JournalError> {
        if self.memory.begun.insert(task) { self.save() } else { Ok(()) }
    }

    /// Writes down that a task is reported, or surely did nothing.
    ///
    /// # Errors
    /// It could not be written.
    pub fn end_task(&mut self, task: TaskId) -> Result<(), JournalError> {
        if self.memory.begun.remove(&task) { self.save() } else { Ok(()) }
    }

    /// Forgets every task but these: the others are settled on Iden's side.
    ///
    /// # Errors
    /// It could not be written.
    pub fn forget_tasks_but(&mut self, listed: &HashSet<TaskId>) -> Result<(), JournalError> {
        let before = self.memory.begun.len();
        self.memory.begun.retain(|task| listed.contains(task));
        if self.memory.begun.len() < before { self.save() } else { Ok(()) }
    }

    fn save(&mut self) -> Result<(), JournalError> {
        self.folder.write(STATE, &self.memory)
    }
}

#[cfg(test)]
mod tests;
