//! Pages on their way.

use futures_util::{FutureExt, StreamExt, future::BoxFuture, stream::FuturesUnordered};
use tracing::Instrument as _;

use super::{
    error::SyncError,
    page::Page,
    refusal::{self, Landed},
    session::Session,
    window::Window,
};
use crate::planted::Bug;

/// The pages of one type that are on their way. Dropped, they are given up; they may have arrived.
pub(super) struct Flight<'a> {
    session: &'a Session<'a>,
    slug: &'static str,
    window: &'a mut Window,
    pages: FuturesUnordered<BoxFuture<'a, Result<Landed, SyncError>>>,
}

impl<'a> Flight<'a> {
    pub(super) fn new(session: &'a Session<'a>, slug: &'static str, window: &'a mut Window) -> Self {
        Flight { session, slug, window, pages: FuturesUnordered::new() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.pages.is_empty()
    }

    /// How many pages are on their way.
    pub(super) fn len(&self) -> usize {
        self.pages.len()
    }

    pub(super) fn has_room(&self) -> bool {
        self.pages.len() < self.window.limit()
    }

    pub(super) fn launch(&mut self, page: Page) {
        let span =
            tracing::debug_span!("bridge.sync.page", bridge.resource_type = self.slug, bridge.records = page.len());
        self.pages.push(refusal::push(self.session, self.slug, page).instrument(span).boxed());
    }

    /// The next page that arrives; pending for ever where none is on its way. Dropping the future loses nothing.
    pub(super) async fn landed(&mut self) -> Result<Landed, SyncError> {
        match self.pages.next().await {
            Some(landed) => {
                self.window.landed(self.session.throttles());
                if Bug::FailedPageIsForgotten.is_planted() {
                    return Ok(landed.unwrap_or_default());
                }
                landed
            }
            None => std::future::pending().await,
        }
    }
}
