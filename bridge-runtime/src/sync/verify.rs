//! Looking up, one by one, those that a read did not bring.

use std::{collections::HashSet, pin::pin, sync::Arc, time::Duration};

use bridge_core::{Record, SourceError, Unreadable};
use futures_util::{Stream, StreamExt, stream};

use super::{error::SyncError, intake::Intake, sources::TypeReader, status_line::StatusLine};
use crate::{
    clock::Clock,
    journal::{Activity, Journal},
    planted::Bug,
    source::{Ended, Found, Item, ReadSession, Reading},
};

/// How many are looked up at once.
const AT_ONCE: usize = 8;
/// How many ids are fetched from the journal at a time.
const CHUNK: usize = 100;

/// The witness that everybody who is missing from one type is surely absent.
#[derive(Debug)]
pub(super) struct Verified {
    slug: &'static str,
    /// How long their look-ups took. Zero if two full reads, or one of a snapshot, agree: that does not get old.
    looked_up_for: Duration,
}

impl Verified {
    pub(super) fn slug(&self) -> &'static str {
        self.slug
    }

    pub(super) fn looked_up_for(&self) -> Duration {
        self.looked_up_for
    }
}

/// Who is looked up in one pass.
#[derive(Clone, Copy, Debug)]
enum Whom {
    /// Those who are missing.
    Missing,
    /// Those who were found absent by a look-up longer ago than this.
    Older(Duration),
}

/// What verifying one type needs.
pub(super) struct Verifier<'a, S> {
    pub(super) reader: TypeReader<S>,
    pub(super) system: &'a Arc<S>,
    pub(super) journal: &'a dyn Journal,
    pub(super) clock: &'a Arc<dyn Clock>,
    pub(super) status: &'a StatusLine<'a>,
}

impl<S: Send + Sync + 'static> Verifier<'_, S> {
    /// Whoever is found goes to `intake`; whoever is not is written down as absent.
    pub(super) async fn verify(&self, intake: &mut Intake<'_>) -> Result<Verified, SyncError> {
        let slug = self.reader.schema.slug;
        let touched = self.journal.touched().await?.iter().any(|touched| touched.slug == slug);
        if (self.reader.snapshot && !touched) || Bug::MissingAreNotLookedUp.is_planted() {
            self.declare_absent().await?;
            return Ok(Verified { slug, looked_up_for: Duration::ZERO });
        }
        let start = self.clock.now();
        if self.look_up_all(Whom::Missing, intake).await? {
            return Ok(Verified { slug, looked_up_for: self.clock.now().saturating_sub(start) });
        }
        self.verify_by_reading(&[], intake).await
    }

    /// One more pass over those whom a look-up found absent longer ago than `oldest`. `None`: the witness of before stands.
    pub(super) async fn renew(&self, oldest: Duration, intake: &mut Intake<'_>) -> Result<Option<Verified>, SyncError> {
        if self.look_up_all(Whom::Older(oldest), intake).await? {
            return Ok(None);
        }
        self.verify_by_reading(&[], intake).await.map(Some)
    }

    /// The same by a second read, which also brings `ids` as they are now.
    pub(super) async fn verify_by_reading(
        &self,
        ids: &[String],
        intake: &mut Intake<'_>,
    ) -> Result<Verified, SyncError> {
        let slug = self.reader.schema.slug;
        tracing::info!(bridge.resource_type = slug, "the source has no `find`; reading the type once more");
        // Both reads agree on everybody then, and no look-up counts.
        self.journal.forget_absent(slug).await?;
        self.read_again(ids, intake).await?;
        self.declare_absent().await?;
        Ok(Verified { slug, looked_up_for: Duration::ZERO })
    }

    /// Whether all could be looked up.
    async fn look_up_all(&self, whom: Whom, intake: &mut Intake<'_>) -> Result<bool, SyncError> {
        let slug = self.reader.schema.slug;
        let (mut after, mut checked) = (None, 0);
        loop {
            let began = self.clock.now();
            let ids = match whom {
                Whom::Missing => self.journal.missing(slug, after.take(), CHUNK).await?,
                Whom::Older(age) => self.journal.stale(slug, began.saturating_sub(age), after.take(), CHUNK).await?,
            };
            let Some(last) = ids.last().cloned() else { return Ok(true) };
            after = Some(last);
            checked += ids.len() as u64;
            let mut absent = Vec::new();
            let mut answers = pin!(look_up(self.reader, self.system, ids));
            while let Some((id, answer)) = self.status.next_answer(answers.next(), slug, checked).await? {
                let answer = if Bug::LookUpErrorIsAbsent.is_planted() { answer.or(Ok(Found::Absent)) } else { answer };
                match answer? {
                    Found::Present(record) => intake.take_found(Item::Record(record)).await?,
                    Found::Unreadable(unreadable) => intake.take(Item::Unreadable(unreadable)).await?,
                    Found::Respelled(record) => {
                        intake.take(Item::Record(record)).await?;
                        absent.push(id);
                    }
                    Found::Absent => absent.push(id),
                    Found::CannotAsk => return Ok(false),
                }
            }
            self.journal.set_absent_at(slug, absent, began).await?;
            self.status.say(Activity::Verifying { slug: slug.to_owned(), checked }).await?;
        }
    }

    /// A second read. What it brings and the first did not goes to `intake`, and so does what has one of these ids.
    async fn read_again(&self, also: &[String], intake: &mut Intake<'_>) -> Result<(), SyncError> {
        let slug = self.reader.schema.slug;
        let also: HashSet<&str> = also.iter().map(String::as_str).collect();
        let mut reading = (self.reader.read)(Arc::clone(self.system), ReadSession::new(Arc::clone(self.clock)));
        let (mut batch, mut read) = (Vec::new(), 0);
        while let Some(item) = self.status.next_item(&mut reading, slug, read).await? {
            read += 1;
            match item {
                Item::Record(record) => batch.push(record),
                Item::Unreadable(Unreadable { id: Some(id), .. }) => {
                    self.journal.set_unreadable(slug, vec![id]).await?;
                }
                nameless => intake.take(nameless).await?,
            }
            if batch.len() == CHUNK {
                self.take_unseen(std::mem::take(&mut batch), &also, intake).await?;
                self.status.say(Activity::Verifying { slug: slug.to_owned(), checked: read }).await?;
            }
        }
        self.take_unseen(batch, &also, intake).await?;
        end(reading, slug, read).await.map(drop)
    }

    async fn take_unseen(
        &self,
        batch: Vec<Record>,
        also: &HashSet<&str>,
        intake: &mut Intake<'_>,
    ) -> Result<(), SyncError> {
        let ids = batch.iter().map(|record| record.id().to_owned()).collect();
        let unseen = self.journal.unseen(self.reader.schema.slug, ids).await?;
        let wanted = |record: &Record| also.contains(record.id()) || unseen.iter().any(|id| id == record.id());
        for record in batch.into_iter().filter(wanted) {
            // Once more it would be a page of its own, and a 500 then looks like a server that stumbles over all.
            if intake.was_rejected(record.id()) {
                continue;
            }
            intake.take(Item::Record(record)).await?;
        }
        Ok(())
    }

    /// Whoever is still missing is absent.
    pub(super) async fn declare_absent(&self) -> Result<(), SyncError> {
        declare_absent(self.journal, self.reader.schema.slug).await
    }
}

/// Takes every known record of a type that is still missing for absent.
pub(super) async fn declare_absent(journal: &dyn Journal, slug: &str) -> Result<(), SyncError> {
    let mut after = None;
    loop {
        let ids = journal.missing(slug, after.take(), CHUNK).await?;
        let Some(last) = ids.last().cloned() else { return Ok(()) };
        after = Some(last);
        journal.set_absent(slug, ids).await?;
    }
}

/// What the source says of each of these ids, in their order.
pub(super) fn look_up<S: Send + Sync + 'static>(
    reader: TypeReader<S>,
    system: &Arc<S>,
    ids: Vec<String>,
) -> impl Stream<Item = (String, Result<Found, SyncError>)> + use<'_, S> {
    let answer = move |id: String| {
        let looking = (reader.find)(Arc::clone(system), id.clone());
        async move {
            let found = looking.await.map_err(|ended| failed(reader.schema.slug, &id, ended));
            (id, found)
        }
    };
    stream::iter(ids).map(answer).buffered(AT_ONCE)
}

/// The end of a read of `slug`, of which `read` items were taken.
pub(super) async fn end(reading: Reading, slug: &'static str, read: u64) -> Result<crate::source::FullRead, SyncError> {
    reading.end().await.map_err(|ended| match ended {
        Ended::Failed(error) => SyncError::Source { slug, read, error },
        Ended::Panicked => SyncError::SourcePanicked { slug, read },
    })
}

fn failed(slug: &'static str, id: &str, ended: Ended) -> SyncError {
    let error = match ended {
        Ended::Failed(error) => error,
        Ended::Panicked => SourceError::new("`find` panicked; the message stands above"),
    };
    SyncError::LookUp { slug, id: id.to_owned(), error }
}
