//! Calls into the user's code, and parts of the engine, whose panics must not spread.
//!
//! A fleet runs several apps in one process. A panic that leaves the task of one app would end all of them.

use std::{
    future::Future,
    panic::{AssertUnwindSafe, catch_unwind},
};

use bridge_core::SourceError;
use futures_util::FutureExt as _;
use tokio_util::task::AbortOnDropHandle;
use tracing::Instrument as _;

use crate::planted::Bug;

/// Runs a future with the user's code on a task of its own; `None` if it panicked. Dropped, it is cancelled.
pub(crate) async fn spawned<T: Send + 'static>(part: impl Future<Output = T> + Send + 'static) -> Option<T> {
    AbortOnDropHandle::new(tokio::spawn(part.in_current_span())).await.ok()
}

/// Calls a function of the user's. A panic is an error that names it.
pub(crate) fn called<T>(what: &str, call: impl FnOnce() -> T) -> Result<T, SourceError> {
    if Bug::PanicsSpread.is_planted() {
        return Ok(call());
    }
    catch_unwind(AssertUnwindSafe(call))
        .map_err(|_| SourceError::new(format_args!("{what} panicked; the log has the panic message")))
}

/// Awaits a part of the engine; `None` if it panicked. What it was doing is dropped, as by a crash: the journal knows how
/// far it came.
pub(crate) async fn part<T>(part: impl Future<Output = T>) -> Option<T> {
    if Bug::PanicsSpread.is_planted() {
        return Some(part.await);
    }
    // An engine's future is large. On the heap, the futures of its callers stay small, and so does the stack that polls them.
    let part = Box::pin(part);
    AssertUnwindSafe(part).catch_unwind().await.ok()
}
