//! Whether a read lost something.

use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use bridge_core::SourceError;

/// Whether a push, a read of pages or a blocking reader was given up before it was done: records are missing then, and
/// the read is no full one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lost(Arc<AtomicBool>);

impl Lost {
    /// The read's own answer, unless it lost a record.
    pub(crate) fn check(&self, end: Result<(), SourceError>) -> Result<(), SourceError> {
        if end.is_ok() && self.0.load(Ordering::SeqCst) {
            return Err(SourceError::new(
                "a push was dropped before it was done, or a read of pages was, so records are missing: await every \
                 `out.push(…)`, `out.pages(…)` and the like to its end",
            ));
        }
        end
    }

    pub(super) fn set(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    /// Does `part`. Dropped before its end, even before its start, it is lost.
    pub(super) fn unless_done<T>(&self, part: impl Future<Output = T>) -> impl Future<Output = T> {
        let lose = LoseOnDrop(self);
        async move {
            let done = part.await;
            std::mem::forget(lose);
            done
        }
    }
}

struct LoseOnDrop<'a>(&'a Lost);

impl Drop for LoseOnDrop<'_> {
    fn drop(&mut self) {
        self.0.set();
    }
}
