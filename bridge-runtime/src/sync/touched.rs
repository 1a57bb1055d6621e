//! Accounts that tasks have touched while a session was open.

use std::pin::pin;

use futures_util::StreamExt;
use jiff::SignedDuration;

use super::{
    error::SyncError,
    run::Run,
    status_line::StatusLine,
    verify::{Verifier, look_up},
};
use crate::{
    gate::Closed,
    journal::{LossKind, Ordered, Touched},
    planted::Bug,
    source::{Found, Item},
};

/// So long a creation of which nobody knows what it made is waited for. One that nobody looks into must not keep syncs from
/// completing for ever.
const SETTLED_WITHIN: SignedDuration = SignedDuration::from_mins(15);

/// What a source says of accounts that it was asked for.
#[derive(Debug, Default)]
pub(super) struct Asked {
    /// They are there, and taken in.
    pub(super) present: Vec<String>,
    /// They do not exist, and were not seen otherwise.
    pub(super) absent: Vec<String>,
    /// The source cannot be asked for them.
    pub(super) unclear: Vec<String>,
}

impl<S: Send + Sync + 'static> Run<'_, S> {
    /// Reads accounts again that tasks have touched since the scan began. No task runs meanwhile.
    pub(super) async fn reread_touched(&mut self, _: &Closed) -> Result<(), SyncError> {
        let touched = self.sources.journal.touched().await?;
        for at in 0..self.types.len() {
            let slug = self.types[at].reader.schema.slug;
            let ids = self.of_type(at, &touched);
            let is_skipped = at > 0 && Bug::SecondTypeIsNotReread.is_planted();
            if !ids.is_empty() && !is_skipped {
                let accounts = ids.len();
                tracing::info!(bridge.resource_type = slug, accounts, "reading again what tasks have touched");
                self.reread(at, ids).await?;
            }
        }
        self.refuse_unsettled().await
    }

    /// A creation that was cut off is looked into soon, or by a person. Until then nobody knows the id of whom it may have made,
    /// the system may not show them yet, and Iden may hold them from before they left: they may be one of those who are missing.
    pub(super) async fn refuse_unsettled(&self) -> Result<(), SyncError> {
        let now = self.sources.clock.wall();
        let end = |span| now.checked_add(span).unwrap_or(now);
        match self.sources.journal.unclear_creation(end(-SETTLED_WITHIN)..end(SETTLED_WITHIN)).await? {
            Some(task) => Err(SyncError::Unlooked { task }),
            None => Ok(()),
        }
    }

    async fn reread(&mut self, at: usize, ids: Vec<String>) -> Result<(), SyncError> {
        let slug = self.types[at].reader.schema.slug;
        let Asked { absent, unclear, .. } = self.ask(at, ids).await?;
        let unclear = self.not_excused(at, unclear).await?;
        // One that is too slow was read before the gate closed.
        if !unclear.is_empty() && !self.types[at].is_too_slow_for_the_gate {
            self.read_again(at, &unclear).await?;
        }
        self.refuse_vanished(slug, [absent, unclear].concat()).await
    }

    /// Looks accounts up, and takes in what the source says of them.
    pub(super) async fn ask(&mut self, at: usize, ids: Vec<String>) -> Result<Asked, SyncError> {
        let (sources, system, reader) = (self.sources, self.system, self.types[at].reader);
        let (slug, journal) = (reader.schema.slug, &*sources.journal);
        // Iden may hold one by a task that it refused before: it must be told again, or say again that it will not.
        for id in &ids {
            self.types[at].report.rejected_ids.remove(id);
        }
        let (mut asked, mut respelled) = (Asked::default(), Vec::new());
        let (mut intake, began) = (self.intake(at, false), sources.clock.now());
        let mut answers = pin!(look_up(reader, system, ids));
        while let Some((id, answer)) = answers.next().await {
            match answer? {
                Found::Present(record) => {
                    intake.take(Item::Record(record)).await?;
                    asked.present.push(id);
                }
                Found::Unreadable(unreadable) => {
                    intake.take(Item::Unreadable(unreadable)).await?;
                    asked.present.push(id);
                }
                Found::Respelled(record) => {
                    intake.take(Item::Record(record)).await?;
                    respelled.push(id);
                }
                Found::Absent => asked.absent.push(id),
                Found::CannotAsk => asked.unclear.push(id),
            }
        }
        intake.finish().await?;
        // Who was pushed in this session is not removed by it.
        asked.absent = journal.unseen(slug, asked.absent).await?;
        journal.set_absent_at(slug, [asked.absent.clone(), respelled].concat(), began).await?;
        Ok(asked)
    }

    /// A task that waits for a person must not have the whole type read each time, if its account is there anyhow.
    pub(super) async fn not_excused(&self, at: usize, mut unclear: Vec<String>) -> Result<Vec<String>, SyncError> {
        let slug = self.types[at].reader.schema.slug;
        let unseen = self.sources.journal.unseen(slug, unclear.clone()).await?;
        unclear.retain(|id| unseen.contains(id) || !self.was_touched_before(slug, id));
        Ok(unclear)
    }

    /// Whether a task that had begun before the scan, and is not over, may have changed it.
    fn was_touched_before(&self, slug: &str, id: &str) -> bool {
        self.touched_before.iter().any(|before| before.slug == slug && before.id == id)
    }

    /// Reads a type again whose source has no `find`, for these ids and for those who are missing.
    pub(super) async fn read_again(&mut self, at: usize, ids: &[String]) -> Result<(), SyncError> {
        let (sources, system, reader) = (self.sources, self.system, self.types[at].reader);
        let status = StatusLine::new(sources, false);
        let verifier = Verifier { reader, system, journal: &*sources.journal, clock: &sources.clock, status: &status };
        let mut intake = self.intake(at, false);
        let verified = verifier.verify_by_reading(ids, &mut intake).await?;
        intake.finish().await?;
        self.note_verified(verified);
        Ok(())
    }

    /// Whoever was made or changed by a task since the scan began, and would be removed without an order, is perhaps
    /// merely not shown by the system yet. The next sync finds out.
    async fn refuse_vanished(&self, slug: &'static str, ids: Vec<String>) -> Result<(), SyncError> {
        if Bug::VanishedIsRemoved.is_planted() {
            return Ok(());
        }
        let journal = &self.sources.journal;
        for id in journal.unseen(slug, ids).await? {
            let account = Touched { slug: slug.to_owned(), id: id.clone() };
            let removal = Ordered { slug: slug.to_owned(), id: id.clone(), kind: LossKind::Removed, holds: None };
            // A task that is not over excuses its account only as long as no other task has made it anew.
            let excused = self.was_touched_before(slug, &id) && !journal.is_awaited(&account).await?;
            if !excused && !journal.is_ordered(&removal).await? {
                return Err(SyncError::NotThereYet { slug, id });
            }
        }
        Ok(())
    }
}
