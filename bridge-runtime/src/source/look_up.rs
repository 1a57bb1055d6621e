//! One record by its id, as the engine sees it.

use std::sync::Arc;

use bridge_core::{BridgeId, Record, Resource, SourceError, Unreadable};
use futures_util::future::BoxFuture;
use tokio_util::task::AbortOnDropHandle;

use super::{Ended, Source};
use crate::journal::folded;

/// What the source says of one id.
#[derive(Debug)]
pub(crate) enum Found {
    /// It is there.
    Present(Record),
    /// It is there under another spelling of the id, which is its own: by this one the source does not have it.
    Respelled(Record),
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
        match Record::of(&found) {
            read if named == id => Ok(read.map_or_else(Found::Unreadable, Found::Present)),
            // Many systems find by an id without regard to case.
            Ok(record) if folded(&named) == folded(&id) => Ok(Found::Respelled(record)),
            _ => {
                let why = format!("`find` was asked for `{id}` and answered with the record `{named}`");
                Err(Ended::Failed(SourceError::new(why)))
            }
        }
    })
}
