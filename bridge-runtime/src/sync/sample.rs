//! The first page of a type, to see whether it can be read at all.

use std::{sync::Arc, time::Duration};

use bridge_core::{SourceError, wire::text::printable};

use super::{error::SyncError, page::MOST_RECORDS, sources::TypeReader, verify::end};
use crate::{
    clock::Clock,
    source::{Item, ReadSession},
};

/// How long the first page may take.
const LONGEST: Duration = Duration::from_secs(30);

/// What the first page of a type had.
pub(crate) struct Sample {
    pub(crate) records: u64,
    /// How many of them have no e-mail address.
    pub(crate) without_email: u64,
    /// How many rows cannot be mapped.
    pub(crate) unreadable: u64,
    /// The first of them, and why.
    pub(crate) example: Option<String>,
    /// Whether that was all of them.
    pub(crate) whole: bool,
}

impl Sample {
    /// Reads a page of a type, and no more. It fails as a sync would.
    pub(crate) async fn of<S: Send + Sync + 'static>(
        reader: TypeReader<S>,
        system: &Arc<S>,
        clock: &Arc<dyn Clock>,
    ) -> Result<Self, SyncError> {
        let slug = reader.schema.slug;
        let mut reading = (reader.read)(Arc::clone(system), ReadSession::new(Arc::clone(clock)));
        let mut sample = Sample { records: 0, without_email: 0, unreadable: 0, example: None, whole: false };
        let page = async {
            while sample.records + sample.unreadable < MOST_RECORDS as u64 && !sample.whole {
                match reading.next().await {
                    Some(Item::Record(record)) => {
                        sample.records += 1;
                        sample.without_email += u64::from(!record.has_email());
                    }
                    Some(Item::Unreadable(row)) => {
                        sample.unreadable += 1;
                        sample.example.get_or_insert_with(|| printable(&row.to_string(), 300));
                    }
                    None => sample.whole = true,
                }
            }
        };
        let in_time = tokio::select! {
            biased;
            () = page => true,
            () = clock.sleep(LONGEST) => false,
        };
        if !in_time {
            let error = SourceError::new(format!("it took more than {} s", LONGEST.as_secs()));
            return Err(SyncError::Source { slug, read: sample.records, error });
        }
        if sample.whole {
            end(reading, slug, sample.records).await?;
        }
        Ok(sample)
    }
}
