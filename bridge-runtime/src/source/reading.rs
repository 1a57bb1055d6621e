//! One read of one type, as the engine sees it.

use std::sync::Arc;

use bridge_core::{Record, Resource, SourceError, Unreadable};
use tokio::sync::mpsc;
use tokio_util::task::AbortOnDropHandle;
use tracing::Instrument as _;

use super::{Out, ReadSession, Source};

/// How many records may wait between a source and the engine: one page, read while the page before is on its way.
const WAITING: usize = 100;

/// What a source pushes.
#[derive(Debug)]
pub(crate) enum Item {
    Record(Record),
    Unreadable(Unreadable),
}

/// A read under way. Dropped, it is cancelled.
pub(crate) struct Reading {
    slug: &'static str,
    session: Arc<ReadSession>,
    items: mpsc::Receiver<Item>,
    end: AbortOnDropHandle<Result<(), SourceError>>,
}

/// A read that did not reach its declared end.
#[derive(Debug)]
pub(crate) enum Ended {
    Failed(SourceError),
    Panicked,
}

impl From<SourceError> for Ended {
    fn from(error: SourceError) -> Self {
        Ended::Failed(error)
    }
}

/// The witness that one type was read to its declared end. Only [`Reading::end`] makes one.
#[derive(Debug)]
pub(crate) struct FullRead {
    slug: &'static str,
}

impl FullRead {
    pub(crate) fn slug(&self) -> &'static str {
        self.slug
    }
}

impl Reading {
    /// Starts to read the `R`s of `system`, on a task of its own: a panic in it stays there.
    pub(crate) fn start<S: Source<R>, R: Resource>(system: Arc<S>, session: Arc<ReadSession>) -> Self {
        let (to, items) = mpsc::channel(WAITING);
        let out = Out::<R>::new(to, Arc::clone(&session));
        let read = async move {
            let end = system.read(&out).await;
            out.lost().check(end)
        };
        Reading { slug: R::SLUG, session, items, end: AbortOnDropHandle::new(tokio::spawn(read.in_current_span())) }
    }

    /// The next item; `None` when nothing more will come, for whatever reason: [`Reading::end`] tells.
    pub(crate) async fn next(&mut self) -> Option<Item> {
        self.items.recv().await
    }

    /// Tells whether the system asked for a pause.
    pub(crate) fn pauses(&self) -> Arc<ReadSession> {
        Arc::clone(&self.session)
    }

    /// How the read ended. Items that were not taken would be lost, so it can end well only when all were.
    pub(crate) async fn end(mut self) -> Result<FullRead, Ended> {
        while self.items.recv().await.is_some() {
            debug_assert!(false, "`end` is asked after the last item");
        }
        match self.end.await {
            Ok(Ok(())) => Ok(FullRead { slug: self.slug }),
            Ok(Err(error)) => Err(Ended::Failed(error)),
            Err(_) => Err(Ended::Panicked),
        }
    }
}
