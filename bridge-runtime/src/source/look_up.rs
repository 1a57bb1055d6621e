//! One record by its id, as the engine sees it.

use std::sync::Arc;

use bridge_core::{BridgeId, Record, Resource, SourceError, Unreadable};
use futures_util::future::BoxFuture;
use tokio_util::task::AbortOnDropHandle;

use super::{Ended, Source};

/// What the source says of one id.
#[derive(Debug)]
pub(crate) enum Found {
    /// It is there.
    Present(Record),
    /// It is there and cannot be read.
    Unreadable(Unreadable),
    /// The system says that it does not exist.
    Absent,
    /// This source has no `find`, or the id is no id of its type. That is never "absent".
    CannotAsk,
}

/// A look-up under way. Dropped, it is cancelled.
pub(crate) type LookUp = BoxFuture<'static, Result<Found, Ended>>;

/// Asks `system` for the `R` with this id, on a task of its own: a panic in it stays there.
pub(crate) fn look_up<S: Source<R>, R: Resource>(system: Arc<S>, id: String) -> LookUp {
    Box::pin(async move {
        let Some(own) = R::Id::from_wire(&id) else { return Ok(Found::CannotAsk) };
        let asking = AbortOnDropHandle::new(tokio::spawn(async move { system.find(&own).await }));
        let found = match asking.await.map_err(|_| Ended::Panicked)? {
            Ok(Some(found)) => found,
            Ok(None) => return Ok(Found::Absent),
            Err(error) if error.is_no_find() => return Ok(Found::CannotAsk),
            Err(error) => return Err(Ended::Failed(error)),
        };
        let named = found.id().to_wire();
        if named != id {
            let why = format!("`find` was asked for `{id}` and answered with the record `{named}`");
            return Err(Ended::Failed(SourceError::new(why)));
        }
        Ok(Record::of(&found).map_or_else(Found::Unreadable, Found::Present))
    })
}
