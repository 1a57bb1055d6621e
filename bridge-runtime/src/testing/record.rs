//! Records, as they leave: the mapping and the sources.

use std::sync::Arc;

use bridge_core::{BridgeResource, Record, Resource, SourceError};
use serde_json::Value;
use tokio::sync::mpsc;

use crate::{
    clock::SystemClock,
    source::{Item, Out, ReadSession, Source},
};

/// The JSON that `record` leaves as.
///
/// # Panics
/// The record cannot be sent: the message says why.
#[must_use]
#[track_caller]
pub fn record(record: &impl BridgeResource) -> Value {
    let record = Record::of(record).unwrap_or_else(|unreadable| panic!("{unreadable}"));
    json(&record)
}

fn json(record: &Record) -> Value {
    let mut bytes = Vec::new();
    record.append_json(&mut bytes);
    serde_json::from_slice(&bytes).expect("a record is JSON")
}

/// What a source yields: see [`read`].
#[derive(Debug)]
#[non_exhaustive]
pub struct Read {
    /// The records, as they leave.
    pub records: Vec<Value>,
    /// Those that cannot be read: the id, where there is one, and why.
    pub unreadable: Vec<(Option<String>, String)>,
    /// How the read ended.
    pub end: Result<(), SourceError>,
}

/// Reads all `R`s of a source: `testing::read::<Employee>(&hr).await`.
pub async fn read<R: Resource>(source: &impl Source<R>) -> Read {
    let (to, mut items) = mpsc::channel(8);
    let out = Out::<R>::new(to, ReadSession::new(Arc::new(SystemClock::new())));
    let (mut records, mut unreadable) = (Vec::new(), Vec::new());
    let reading = async {
        let end = source.read(&out).await;
        let end = out.lost().check(end);
        // Ends the loop below.
        drop(out);
        end
    };
    let collecting = async {
        while let Some(item) = items.recv().await {
            match item {
                Item::Record(record) => records.push(json(&record)),
                Item::Unreadable(one) => unreadable.push((one.id, one.why)),
            }
        }
    };
    let (end, ()) = tokio::join!(reading, collecting);
    Read { records, unreadable, end }
}

/// Looks up one `R` of a source: `testing::find::<Employee>(&hr, &7).await`. The record as it would leave, `None` if the
/// system says that there is none.
///
/// # Errors
/// Those of the source's `find`; a record that cannot be sent.
pub async fn find<R: Resource>(source: &impl Source<R>, id: &R::Id) -> Result<Option<Value>, SourceError> {
    let Some(found) = source.find(id).await? else { return Ok(None) };
    Ok(Some(json(&Record::of(&found)?)))
}
