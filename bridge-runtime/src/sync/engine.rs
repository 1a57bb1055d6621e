//! One sync, from opening the session to its end.

use std::{collections::BTreeMap, sync::Arc};

use bridge_core::{
    TypeSchema,
    wire::{AppId, Kind, SyncStatus},
};
use tokio_util::sync::CancellationToken;

use super::{
    error::{SyncError, SyncFailure},
    guard::{self, Known},
    proof::Proof,
    push::push_type,
    report::{SyncReport, TypeReport},
    session::Session,
    types::required_types,
};
use crate::{
    client::Client,
    clock::Clock,
    journal::{Completed, SharedJournal},
    source::{FullRead, ReadSession, Reading},
};

/// How one type is read from a system `S`.
pub(crate) struct TypeReader<S> {
    pub(crate) schema: TypeSchema,
    pub(crate) read: fn(Arc<S>, Arc<ReadSession>) -> Reading,
}

// By hand: a derive would ask for `S: Copy`.
impl<S> Clone for TypeReader<S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S> Copy for TypeReader<S> {}

/// Syncs one app.
pub(crate) struct SyncEngine<S> {
    pub(crate) client: Client,
    pub(crate) app: AppId,
    pub(crate) types: Vec<TypeReader<S>>,
    pub(crate) journal: SharedJournal,
    pub(crate) clock: Arc<dyn Clock>,
}

impl<S: Send + Sync + 'static> SyncEngine<S> {
    /// Runs one sync. Whatever goes wrong before `complete` is sent, the session is abandoned and nobody is removed.
    pub(crate) async fn run(&self, system: &Arc<S>, stop: &CancellationToken) -> Result<SyncReport, Box<SyncFailure>> {
        let mut report = SyncReport::default();
        match self.sync(system, stop, &mut report).await {
            Ok(()) => {
                report.completed = true;
                tracing::info!("sync completed");
                Ok(report)
            }
            Err(error) => Err(Box::new(SyncFailure { error, report })),
        }
    }

    async fn sync(&self, system: &Arc<S>, stop: &CancellationToken, report: &mut SyncReport) -> Result<(), SyncError> {
        if stop.is_cancelled() {
            return Err(SyncError::Interrupted);
        }
        self.abandon_orphan().await?;
        let session = Session::open(&self.client, self.app).await?;
        report.sync_id = Some(session.id());
        self.journal.lock().set_open_session(Some(session.id()))?;
        let filled = self.fill(&session, system, stop, report).await;
        // Upserts act at once: whatever happens now, Iden may hold what was pushed.
        let pushed: BTreeMap<_, _> = report.types.iter().map(|one| (one.slug.to_owned(), one.pushed)).collect();
        let noted = self.journal.lock().raise_baseline(&pushed).map_err(SyncError::from);
        match filled.and_then(|proof| noted.map(|()| proof)) {
            Ok(proof) => session.complete(proof).await?,
            Err(error) => {
                session.abandon().await;
                self.journal.lock().set_open_session(None)?;
                return Err(error);
            }
        }
        let unreadable = report.types.iter().map(|one| (one.slug.to_owned(), one.unreadable_ids.clone())).collect();
        Ok(self.journal.lock().set_completed(self.clock.wall(), Completed { pushed, unreadable })?)
    }

    /// A session that a killed process left open removes nobody, and is not ours to go on with: the source has moved on.
    async fn abandon_orphan(&self) -> Result<(), SyncError> {
        let Some(orphan) = self.journal.lock().open_session() else { return Ok(()) };
        Session::known(&self.client, self.app, orphan).abandon().await;
        Ok(self.journal.lock().set_open_session(None)?)
    }

    /// Everything between opening and completing. The proof comes back only when nothing speaks against completing.
    async fn fill(
        &self,
        session: &Session<'_>,
        system: &Arc<S>,
        stop: &CancellationToken,
        report: &mut SyncReport,
    ) -> Result<Proof, SyncError> {
        let declared: Vec<TypeSchema> = self.types.iter().map(|one| one.schema).collect();
        let opened = session.progress().await?;
        let (known, types) = {
            let journal = self.journal.lock();
            // A clone registers nothing: what it pushed before is all that tells of a type that was renamed.
            let types = journal.registered().keys().chain(journal.baseline().keys()).cloned().collect();
            // Before the first page, which raises the baseline.
            (Known::from_journal(&journal), types)
        };
        let required = required_types(&declared, &types, &opened.progress).map_err(SyncError::Types)?;

        let mut full_reads = Vec::new();
        let shared = ReadSession::new(Arc::clone(&self.clock));
        for one in in_phases(&self.types) {
            full_reads.push(self.push(session, one, system, &shared, stop, report).await?);
        }
        check_counts(session, report).await?;
        let proof = Proof::of(session.id(), &full_reads, &required).map_err(SyncError::Incomplete)?;
        self.pass_guard(&known, report).await?;
        if stop.is_cancelled() {
            return Err(SyncError::Interrupted);
        }
        Ok(proof)
    }

    async fn push(
        &self,
        session: &Session<'_>,
        one: &TypeReader<S>,
        system: &Arc<S>,
        shared: &Arc<ReadSession>,
        stop: &CancellationToken,
        report: &mut SyncReport,
    ) -> Result<FullRead, SyncError> {
        tracing::info!(bridge.resource_type = one.schema.slug, "reading");
        let reading = (one.read)(Arc::clone(system), Arc::clone(shared));
        let mut of_type = TypeReport::new(&one.schema);
        let pushed = push_type(session, reading, &mut of_type, &self.journal, stop).await;
        report.types.push(of_type);
        pushed
    }

    async fn pass_guard(&self, known: &Known, report: &SyncReport) -> Result<(), SyncError> {
        let Some(hold) = guard::hold(known, report, &self.client, self.app).await else { return Ok(()) };
        if self.journal.lock().is_approved(&hold, self.clock.wall())? {
            tracing::info!(hash = hold.hash(), "approved: {hold}");
            return Ok(());
        }
        self.journal.lock().set_held(hold.clone())?;
        Err(SyncError::Held(hold))
    }
}

/// Groups and licenses before the accounts that refer to them (protocol.md section 4).
fn in_phases<S>(types: &[TypeReader<S>]) -> impl Iterator<Item = &TypeReader<S>> {
    let of = |accounts: bool| types.iter().filter(move |one| (one.schema.kind == Kind::Account) == accounts);
    of(false).chain(of(true))
}

/// The session is still ours, and Iden has of each type what was pushed. An id that the source gave twice is counted
/// once there, so the count may be lower than ours, but not zero and not higher.
async fn check_counts(session: &Session<'_>, report: &SyncReport) -> Result<(), SyncError> {
    let progress = session.progress().await?;
    if progress.status != SyncStatus::InProgress {
        return Err(SyncError::Ended { status: progress.status });
    }
    for one in &report.types {
        let there = progress.progress.iter().find(|there| there.slug == one.slug);
        let counted = there.map_or(0, |there| there.synced_count);
        if counted > one.pushed || (counted == 0 && one.pushed > 0) {
            return Err(SyncError::Count { slug: one.slug.to_owned(), counted, pushed: one.pushed });
        }
    }
    Ok(())
}
