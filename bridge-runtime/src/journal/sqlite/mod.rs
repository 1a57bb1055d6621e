//! The journal in SQLite.
//!
//! [`Store`] owns the one connection and does everything, synchronously; it is split by what the entries are about.
//! [`SqliteJournal`] hands it from call to call.

mod app;
mod approval;
mod control;
mod disk;
mod end;
mod fault;
mod folder;
mod judge;
mod links;
mod losses;
mod overtaken;
mod ownership;
mod plan;
mod scan;
mod schema;
mod seen;
mod session;
mod spelling;
mod steps;
mod store;
mod tasks;
#[cfg(test)]
mod tests;
mod touched;
mod unclear;
mod values;

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::Mutex,
    thread::JoinHandle,
};

use tokio::sync::{mpsc, oneshot};

use super::{Journal, JournalError};
pub(crate) use disk::DiskPolicy;
use fault::{Fault, Result};
use store::Store;

/// How many calls may wait. The engines wait for each of theirs, so it is never full.
const WAITING: usize = 16;

/// The journal in SQLite: `journal.db` in a directory of its own.
///
/// Dropping it waits for the call that is under way, writes what SQLite's log holds into the file, and lets go of the
/// lock: it can be opened again at once.
pub struct SqliteJournal {
    path: PathBuf,
    keeper: Keeper,
}

/// Who has the store.
enum Keeper {
    /// A thread: writes wait for the disk.
    Thread { calls: Option<mpsc::Sender<Call>>, thread: Option<JoinHandle<()>> },
    /// Whoever calls.
    Caller(Box<Mutex<Store>>),
}

type Call = Box<dyn FnOnce(&mut Store) + Send>;

impl SqliteJournal {
    /// The journal of a directory, for the one engine that works on it. Both are made if they are not there.
    ///
    /// # Errors
    /// Another engine has it, it is damaged or of a newer version, it belongs to another user, the disk is full or on a
    /// network, or the file system fails.
    pub fn open(directory: impl Into<PathBuf>) -> Result<Self, JournalError> {
        SqliteJournal::open_on(directory, DiskPolicy::default())
    }

    /// The same with another opinion on disks.
    pub(crate) fn open_on(directory: impl Into<PathBuf>, disk: DiskPolicy) -> Result<Self, JournalError> {
        SqliteJournal::on_a_thread(Store::locked(directory.into(), disk)?)
    }

    /// The same for a command that runs beside an engine: without the lock. While there is no journal, it is an empty one;
    /// what writes to it, a scan among that, makes it.
    ///
    /// # Errors
    /// It is no journal or of a newer version, it belongs to another user, or the file system fails.
    pub fn beside(directory: impl Into<PathBuf>) -> Result<Self, JournalError> {
        SqliteJournal::beside_on(directory, DiskPolicy::default())
    }

    /// The same with another opinion on disks.
    pub(crate) fn beside_on(directory: impl Into<PathBuf>, disk: DiskPolicy) -> Result<Self, JournalError> {
        SqliteJournal::on_a_thread(Store::beside(directory.into(), disk)?)
    }

    /// Whether an engine works on the journal of this directory now.
    ///
    /// # Errors
    /// This user may not look into the directory.
    pub fn is_locked(directory: &Path) -> Result<bool, JournalError> {
        folder::Folder::is_locked(directory)
    }

    /// A journal in memory without a thread of its own, for simulations and tests: beside a thread, paused time would go on
    /// at once.
    ///
    /// # Errors
    /// SQLite does not work.
    pub fn in_task() -> Result<Self, JournalError> {
        let store = Store::in_memory()?;
        Ok(SqliteJournal { path: store.path(), keeper: Keeper::Caller(Box::new(Mutex::new(store))) })
    }

    /// Two connections to one journal [in the task](SqliteJournal::in_task): for an engine, and for a command beside it.
    ///
    /// # Errors
    /// SQLite does not work.
    #[doc(hidden)]
    pub fn two_in_task() -> Result<(Self, Self), JournalError> {
        let of =
            |store: Store| SqliteJournal { path: store.path(), keeper: Keeper::Caller(Box::new(Mutex::new(store))) };
        let (engine, beside) = Store::two_in_memory()?;
        Ok((of(engine), of(beside)))
    }

    /// What a crash of the process leaves: everything that was written, and nothing of a scan. For simulations with the
    /// journal [in the task](SqliteJournal::in_task); one on a thread is opened anew instead.
    #[doc(hidden)]
    pub fn forget_scan(&self) {
        if let Keeper::Caller(store) = &self.keeper
            && let Ok(mut store) = store.lock()
        {
            store.drop_scan();
        }
    }

    /// The records that the run of a plan for an inherited app pushes, by slug and id. For simulations.
    ///
    /// # Errors
    /// SQLite does not work.
    #[doc(hidden)]
    pub async fn plan_pushed(&self, hash: &str) -> Result<Vec<(String, String)>, JournalError> {
        let hash = hash.to_owned();
        self.call("read", move |store| store.plan_pushed(&hash)).await
    }

    /// The journal as it was when it was made. For simulations, which need thousands of them, and a new one takes milliseconds.
    ///
    /// # Errors
    /// SQLite does not work.
    #[doc(hidden)]
    pub fn forget_everything(&self) -> Result<(), JournalError> {
        let Keeper::Caller(store) = &self.keeper else { return Ok(()) };
        let emptied = match store.lock() {
            Ok(mut store) => store.forget_everything(),
            Err(_) => Err(gone()),
        };
        emptied.map_err(|fault| fault.into_error(&self.path, "emptied"))
    }

    fn on_a_thread(mut store: Store) -> Result<Self, JournalError> {
        let path = store.path();
        let (calls, mut waiting) = mpsc::channel::<Call>(WAITING);
        let work = move || {
            while let Some(call) = waiting.blocking_recv() {
                call(&mut store);
            }
        };
        let thread = std::thread::Builder::new().name("journal".to_owned()).spawn(work);
        let thread =
            thread.map_err(|source| JournalError::Io { path: path.clone(), what: "given a thread", source })?;
        Ok(SqliteJournal { path, keeper: Keeper::Thread { calls: Some(calls), thread: Some(thread) } })
    }

    /// Has the store do something. It is done even if nobody waits for it any more.
    async fn call<T: Send + 'static>(
        &self,
        what: &'static str,
        call: impl FnOnce(&mut Store) -> Result<T> + Send + 'static,
    ) -> Result<T, JournalError> {
        let answer = match &self.keeper {
            Keeper::Caller(store) => store.lock().map_err(|_| gone()).and_then(|mut store| call(&mut store)),
            Keeper::Thread { calls, .. } => {
                let (answer, answered) = oneshot::channel();
                let call: Call = Box::new(move |store| {
                    // Nobody waits for the answer where the caller was cancelled.
                    let _ = answer.send(call(store));
                });
                let sent = match calls {
                    Some(calls) => calls.send(call).await.is_ok(),
                    None => false,
                };
                if sent { answered.await.unwrap_or_else(|_| Err(gone())) } else { Err(gone()) }
            }
        };
        answer.map_err(|fault| fault.into_error(&self.path, what))
    }
}

fn gone() -> Fault {
    Fault::other("an earlier call panicked; its message stands above")
}

impl Drop for SqliteJournal {
    fn drop(&mut self) {
        if let Keeper::Thread { calls, thread } = &mut self.keeper {
            drop(calls.take());
            if let Some(thread) = thread.take() {
                // A panic there has been said.
                let _ = thread.join();
            }
        }
    }
}

impl fmt::Debug for SqliteJournal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteJournal").field("path", &self.path).finish_non_exhaustive()
    }
}

impl Journal for SqliteJournal {}
