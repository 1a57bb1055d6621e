//! One sync at work: what every step of it needs.

use std::{sync::Arc, time::Duration};

use bridge_core::wire::{AppId, Kind};

use super::{
    counts::Counted,
    error::SyncError,
    held_back::HeldBack,
    intake::{Accepted, Intake},
    judging::{Cleared, Judge, Verdict},
    page::MOST_RECORDS,
    proof::{Evidence, Proof},
    refresh::Fresh,
    report::TypeReport,
    session::Session,
    sources::{Sources, TypeReader},
    status_line::StatusLine,
    types::Required,
    verify::{Verified, Verifier, declare_absent, end},
    window::Window,
};
use crate::{
    client::Client,
    gate::Closed,
    journal::{Activity, ScanEnd, Touched, UnreadType},
    planted::Bug,
    source::{FullRead, ReadSession},
};

/// So many missing ones are looked up in any case. More are not, where the guard would hold the session anyhow.
const LOOKED_UP_IN_ANY_CASE: u64 = 1_000;

/// One type of one run.
pub(super) struct TypeRun<S> {
    pub(super) reader: TypeReader<S>,
    pub(super) report: TypeReport,
    /// How long the read took.
    pub(super) read_took: Duration,
    /// The read takes longer than the gate leaves for it, so it is not read again there.
    pub(super) is_too_slow_for_the_gate: bool,
    held_back: HeldBack,
}

/// A sync under way; without a session, a dry run.
pub(super) struct Run<'a, S> {
    pub(super) sources: &'a Sources<S>,
    pub(super) system: &'a Arc<S>,
    client: Option<(&'a Client, AppId)>,
    session: Option<&'a Session<'a>>,
    shared: Arc<ReadSession>,
    status: StatusLine<'a>,
    window: Window,
    pub(super) types: Vec<TypeRun<S>>,
    /// Types of the app that nothing reads any more.
    pub(super) unread: Vec<UnreadType>,
    /// The app was found, and the journal does not know it yet; in a dry run.
    pub(super) adopts: bool,
    reads: Vec<FullRead>,
    accepted: Vec<Accepted>,
    verified: Vec<Verified>,
    pub(super) fresh: Option<Fresh>,
    /// The accounts of tasks that had begun before the scan, and are not over.
    pub(super) touched_before: Vec<Touched>,
    plan: Option<String>,
    end: ScanEnd,
}

impl<'a, S: Send + Sync + 'static> Run<'a, S> {
    pub(super) fn new(
        sources: &'a Sources<S>,
        system: &'a Arc<S>,
        client: Option<(&'a Client, AppId)>,
        session: Option<&'a Session<'a>>,
    ) -> Self {
        let start = |reader: &TypeReader<S>| TypeRun {
            reader: *reader,
            report: TypeReport::new(&reader.schema),
            read_took: Duration::ZERO,
            is_too_slow_for_the_gate: false,
            held_back: match session {
                Some(_) => HeldBack::within(sources.scratch.clone()),
                None => HeldBack::only_counted(),
            },
        };
        // Groups and licenses before the accounts that refer to them (protocol.md section 4).
        let of =
            |accounts: bool| sources.types.iter().filter(move |one| (one.schema.kind == Kind::Account) == accounts);
        Run {
            sources,
            system,
            client,
            session,
            shared: ReadSession::new(Arc::clone(&sources.clock)),
            status: StatusLine::new(sources, session.is_none()),
            window: Window::new(client.map_or(0, |(client, _)| client.throttles())),
            types: of(false).chain(of(true)).map(start).collect(),
            unread: Vec::new(),
            adopts: false,
            reads: Vec::new(),
            accepted: Vec::new(),
            verified: Vec::new(),
            fresh: None,
            touched_before: Vec::new(),
            plan: None,
            end: ScanEnd::Failed,
        }
    }

    /// How the scan stands, where the session is not completed.
    pub(super) fn scan_end(&self) -> ScanEnd {
        self.end
    }

    /// What was done so far.
    pub(super) fn into_reports(self) -> (Vec<TypeReport>, Option<String>) {
        (self.types.into_iter().map(|one| one.report).collect(), self.plan)
    }

    /// Reads every type to its end, and looks up whoever is missing. Phase by phase: an account may only point to a group
    /// that is there, so that is settled first.
    pub(super) async fn scan(&mut self) -> Result<(), SyncError> {
        self.touched_before = self.sources.journal.at_work().await?;
        for accounts in [false, true] {
            let phase = |one: &TypeRun<S>| (one.reader.schema.kind == Kind::Account) == accounts;
            let positions: Vec<usize> = (0..self.types.len()).filter(|at| phase(&self.types[*at])).collect();
            for at in &positions {
                self.read(*at).await?;
            }
            for at in positions {
                self.verify(at).await?;
            }
        }
        self.unread = self.sources.journal.unread_types(&self.sources.slugs()).await?;
        for one in &self.unread {
            declare_absent(&*self.sources.journal, &one.slug).await?;
        }
        self.end = ScanEnd::Kept;
        Ok(())
    }

    async fn read(&mut self, at: usize) -> Result<(), SyncError> {
        let reader = self.types[at].reader;
        let slug = reader.schema.slug;
        tracing::info!(bridge.resource_type = slug, "reading");
        self.status.say(Activity::Reading { slug: slug.to_owned(), records: 0 }).await?;
        let began = self.now();
        let mut reading = (reader.read)(Arc::clone(self.system), Arc::clone(&self.shared));
        let mut intake = self.intake(at, reader.snapshot);
        let status = intake.status();
        loop {
            let taken = intake.taken();
            tokio::select! {
                biased;
                landed = intake.landed() => intake.note_landed(landed?).await?,
                item = status.next_item(&mut reading, slug, taken) => match item? {
                    Some(item) => intake.take(item).await?,
                    None => break,
                },
            }
        }
        let full = end(reading, slug, intake.taken()).await?;
        let accepted = intake.finish().await?;
        let report = &self.types[at].report;
        tracing::info!(
            bridge.resource_type = slug,
            bridge.records = report.read,
            report.created,
            report.updated,
            report.unreadable,
            "read to its end"
        );
        self.types[at].read_took = self.now().saturating_sub(began);
        self.reads.push(full);
        self.accepted.push(accepted);
        Ok(())
    }

    /// Records of the type at this position on their way to Iden. `refuses_repeats`: each comes once, as in a snapshot.
    pub(super) fn intake(&mut self, at: usize, refuses_repeats: bool) -> Intake<'_> {
        // Until all of them are accepted, and those held back are judged and pushed, too.
        self.end = ScanEnd::Failed;
        let one = &mut self.types[at];
        let way = self.session.map(|session| (session, &mut self.window));
        let around = (&*self.sources.journal, &self.status);
        let distinct_ids = one.reader.distinct_ids;
        Intake::new(around, way, &mut one.held_back, &mut one.report, refuses_repeats, distinct_ids)
    }

    async fn verify(&mut self, at: usize) -> Result<(), SyncError> {
        let (sources, system, reader) = (self.sources, self.system, self.types[at].reader);
        let status = StatusLine::new(sources, self.session.is_none());
        let verifier = Verifier { reader, system, journal: &*sources.journal, clock: &sources.clock, status: &status };
        if self.is_held_anyhow(at, &verifier).await? {
            return Ok(());
        }
        let mut intake = self.intake(at, false);
        let verified = verifier.verify(&mut intake).await?;
        intake.finish().await?;
        self.note_verified(verified);
        Ok(())
    }

    pub(super) fn note_verified(&mut self, verified: Verified) {
        self.verified.retain(|before| before.slug() != verified.slug());
        self.verified.push(verified);
    }

    /// How long the look-ups of those who are missing took, of all types together.
    pub(super) fn looked_up_for(&self) -> Duration {
        self.verified.iter().map(Verified::looked_up_for).sum()
    }

    /// Whether so many are missing that the guard holds the session whoever is found: a source that gives nothing is not
    /// asked a hundred thousand times. They count as missing then, and the type as not verified.
    async fn is_held_anyhow(&self, at: usize, verifier: &Verifier<'_, S>) -> Result<bool, SyncError> {
        let (slug, journal) = (self.types[at].reader.schema.slug, &self.sources.journal);
        let some = usize::try_from(LOOKED_UP_IN_ANY_CASE).unwrap_or(usize::MAX);
        if journal.missing(slug, None, some + 1).await?.len() <= some {
            return Ok(false);
        }
        verifier.declare_absent().await?;
        let limits = self.sources.limits(slug);
        let losses = journal.losses(slug, limits.protected_ids(), self.sources.clock.wall()).await?;
        // Those of them whom Iden ordered away do not count, and are looked up.
        let hopeless = losses.lost.removed > LOOKED_UP_IN_ANY_CASE.max(4 * limits.allowed_records(losses.baseline));
        let reasons = super::guard::reasons(slug, limits, &losses);
        let approved = journal.covering_approval(&reasons, self.sources.clock.wall()).await?.is_some();
        if hopeless && !approved {
            tracing::warn!(
                bridge.resource_type = slug,
                missing = losses.lost.removed,
                "far more are missing than may go unseen: they are not looked up one by one"
            );
            return Ok(true);
        }
        journal.forget_absent(slug).await?;
        Ok(false)
    }

    /// Judges what the scan takes away.
    pub(super) async fn verdict(&mut self) -> Result<Verdict, SyncError> {
        let sources = self.sources;
        let types = self.types.iter().map(|one| (&one.report, sources.limits(one.reader.schema.slug)));
        let verdict = self.judge().judge(types, &self.unread).await?;
        for (one, losses) in self.types.iter_mut().zip(&verdict.losses) {
            one.report.lost = losses.lost;
            one.report.held_back = one.held_back.count();
        }
        self.plan = Some(verdict.hold.hash.clone());
        Ok(verdict)
    }

    /// Whether it may be taken away.
    pub(super) async fn clear(&mut self) -> Result<Cleared, SyncError> {
        self.sources.wall().await?;
        let verdict = self.verdict().await?;
        self.judge().clear(&verdict.hold).await
    }

    fn judge(&self) -> Judge<'a> {
        Judge { journal: &*self.sources.journal, clock: &*self.sources.clock, client: self.client, adopts: self.adopts }
    }

    /// Pushes what takes something away. It takes the clearing of the very plan that lists it.
    pub(super) async fn push_held_back(&mut self, _cleared: &Cleared) -> Result<(), SyncError> {
        for at in 0..self.types.len() {
            let empty = HeldBack::within(self.sources.scratch.clone());
            let held_back = std::mem::replace(&mut self.types[at].held_back, empty);
            let mut records = held_back.into_records().map_err(SyncError::HeldBack)?.peekable();
            if records.peek().is_none() {
                continue;
            }
            let mut intake = self.intake(at, false);
            while records.peek().is_some() {
                let some: Result<Vec<_>, _> = records.by_ref().take(MOST_RECORDS).collect();
                intake.push_held_back(some.map_err(SyncError::HeldBack)?).await?;
            }
            intake.finish().await?;
        }
        self.end = ScanEnd::Reduced;
        Ok(())
    }

    /// The proof that the session may be completed.
    pub(super) async fn prove(
        &self,
        session: &Session<'_>,
        required: &Required,
        cleared: Cleared,
        gate: &Closed,
    ) -> Result<Proof, SyncError> {
        let mut distinct = Vec::new();
        for one in &self.types {
            let slug = one.reader.schema.slug;
            let losses = self.sources.journal.losses(slug, &[], self.sources.clock.wall()).await?;
            // The last ones went out after the last verdict: none of them may have been refused (C4).
            let forgets = Bug::RefusedIsForgotten.is_planted();
            if (losses.rejected > 0 || losses.unreadable > 0) && !forgets {
                let why = format!("Iden refuses records of `{slug}` that it may hold, or they cannot be read");
                return Err(SyncError::Incomplete(vec![why]));
            }
            // Those whom an earlier session has spared are at stake as soon as anybody of their type is pushed (C5).
            if !self.sources.journal.missing(slug, None, 1).await?.is_empty() {
                let why = format!("not everybody who is missing from `{slug}` was looked up; the next sync does it");
                return Err(SyncError::Incomplete(vec![why]));
            }
            distinct.push((&one.report, losses.present));
        }
        for slug in required.unread() {
            let judged = self.unread.iter().any(|one| one.slug == slug);
            if !judged || !self.sources.journal.missing(slug, None, 1).await?.is_empty() {
                let why =
                    format!("the removal of `{slug}`, which nothing reads, was not judged; the next sync does it");
                return Err(SyncError::Incomplete(vec![why]));
            }
        }
        let counted = Counted::of(session, &distinct).await?;
        let evidence = Evidence {
            session: session.id(),
            required,
            reads: &self.reads,
            accepted: &self.accepted,
            counted,
            verified: &self.verified,
            fresh: self.fresh,
            cleared,
            gate,
            now: self.now(),
        };
        Proof::of(evidence).map_err(SyncError::Incomplete)
    }

    fn now(&self) -> Duration {
        self.sources.clock.now()
    }
}
