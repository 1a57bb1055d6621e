//! One record by its id, as the engine sees it.

use std::sync::Arc;

use bridge_core::{BridgeId, Record, Resource, SourceError, Unreadable};
use futures_util::future::BoxFuture;

use super::{Ended, Source};
use crate::{caught, journal::folded};

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

/// Asks `system` for the `R` with this id, on a task of its own: the user's code parses the id, finds the record and maps
/// it, and a panic in any of them stays there.
pub(crate) fn look_up<S: Source<R>, R: Resource>(system: Arc<S>, id: String) -> LookUp {
    Box::pin(async move {
        let found = caught::spawned(find::<S, R>(system, id)).await;
        found.unwrap_or_else(|| Err(Ended::Failed(SourceError::new("`find` panicked; the log has the panic message"))))
    })
}

async fn find<S: Source<R>, R: Resource>(system: Arc<S>, id: String) -> Result<Found, Ended> {
    let parsed = caught::called("`FromStr` of the id", || R::Id::from_wire(&id))?;
    let Some(own) = parsed else { return Ok(Found::CannotAsk) };
    let found = match system.find(&own).await {
        Ok(Some(found)) => found,
        Ok(None) => return Ok(Found::Absent),
        Err(error) if error.is_no_find() => return Ok(Found::CannotAsk),
        Err(error) => return Err(Ended::Failed(error)),
    };
    let mapped = caught::called("the mapping of the record that `find` returned", move || {
        (found.id().to_wire(), Record::of(&found))
    });
    let (named, record) = mapped?;
    match record {
        read if named == id => Ok(read.map_or_else(Found::Unreadable, Found::Present)),
        // Many systems find by an id without regard to case.
        Ok(record) if folded(&named) == folded(&id) => Ok(Found::Respelled(record)),
        _ => {
            let why = format!("`find` was asked for `{id}` and answered with the record `{named}`");
            Err(Ended::Failed(SourceError::new(why)))
        }
    }
}
