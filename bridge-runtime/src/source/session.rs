//! What the reads of one session share.

use std::{
    any::{Any, TypeId},
    collections::HashMap,
    future::Future,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bridge_core::SourceError;
use tokio::sync::OnceCell;

use crate::{caught, clock::Clock};

/// Lives as long as one sync session: the values that its reads share, and their clock.
pub(crate) struct ReadSession {
    pub(crate) clock: Arc<dyn Clock>,
    /// How many reads wait at this moment because the system asked for it.
    pauses: AtomicUsize,
    values: Mutex<HashMap<TypeId, Arc<dyn Any + Send + Sync>>>,
}

impl ReadSession {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Arc<Self> {
        Arc::new(ReadSession { clock, pauses: AtomicUsize::new(0), values: Mutex::default() })
    }

    /// Waits before a page is requested again.
    pub(super) async fn pause(&self, pause: Duration) {
        struct Paused<'a>(&'a AtomicUsize);
        impl Drop for Paused<'_> {
            fn drop(&mut self) {
                self.0.fetch_sub(1, Ordering::SeqCst);
            }
        }
        self.pauses.fetch_add(1, Ordering::SeqCst);
        let _paused = Paused(&self.pauses);
        self.clock.sleep(pause).await;
    }

    pub(crate) fn is_paused(&self) -> bool {
        self.pauses.load(Ordering::SeqCst) > 0
    }

    /// The one `T` of this session. A failed `init` is not kept: the next reader tries again.
    pub(crate) async fn shared<T, F>(&self, init: impl FnOnce() -> F) -> Result<Arc<T>, SourceError>
    where
        T: Send + Sync + 'static,
        F: Future<Output = Result<T, SourceError>>,
    {
        // The lock covers the map alone; `init` runs under the cell, which only readers of the same value wait for.
        let cell = {
            let mut values = self.values.lock().unwrap_or_else(PoisonError::into_inner);
            let cell = values.entry(TypeId::of::<T>()).or_insert_with(|| Arc::new(OnceCell::<Arc<T>>::new()));
            Arc::clone(cell).downcast::<OnceCell<Arc<T>>>().expect("the map is keyed by the type")
        };
        cell.get_or_try_init(|| async { init().await.map(Arc::new) }).await.cloned()
    }
}

// The values are the user's: a `Drop` of theirs that panics must not end the engine, which drops the session.
impl Drop for ReadSession {
    fn drop(&mut self) {
        let values = std::mem::take(self.values.get_mut().unwrap_or_else(PoisonError::into_inner));
        for (_, value) in values {
            if let Err(error) = caught::called("`Drop` of a value from `Out::shared`", move || drop(value)) {
                tracing::error!("{error}");
            }
        }
    }
}
