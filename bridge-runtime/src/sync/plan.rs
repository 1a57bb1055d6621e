//! The dry run: what a sync would create, change and take away.

use std::sync::Arc;

use bridge_core::wire::{AppId, Kind};
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use super::{error::SyncError, run::Run, sources::Sources, types::compare_with_journal};
use crate::{
    client::Client,
    journal::{Change, HoldReason, PlanItem, ScanEnd, ScanMode, Sum, UnreadType},
    planted::Bug,
};

/// How many ids of new and changed records a plan lists for each type. Whatever is taken away is listed in full.
const MOST_LISTED: usize = 100;
/// How many losses a plan lists.
const MOST_LOSSES: usize = 100_000;

/// What a sync would do. Nothing was pushed for it.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Plan {
    /// Names exactly what would be taken away; `approve` takes it.
    pub hash: String,
    /// The app that a sync would work on. `None`: it would create one.
    pub app: Option<AppId>,
    /// What needs a person's approval; empty if a sync would go through without one.
    pub held: Vec<HoldReason>,
    /// The hash of an approval that covers it, so that a sync would go through.
    pub approved: Option<String>,
    /// Type by type, in the order of reading.
    pub types: Vec<PlannedType>,
    /// Types of the app that this connector does not read: a sync removes all of their records.
    pub unread: Vec<UnreadType>,
    /// Everything that would be taken away, and that Iden did not order itself. At most 100,000 are listed.
    pub losses: Vec<PlanItem>,
}

/// What a sync would do with one type.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct PlannedType {
    /// The type's slug.
    pub slug: &'static str,
    /// Account, group or license.
    pub kind: Kind,
    /// Distinct records in the source.
    pub present: u64,
    /// How many of them Iden does not hold.
    pub created: u64,
    /// The first of them.
    pub created_ids: Vec<String>,
    /// How many differ from what Iden holds.
    pub changed: u64,
    /// The first of them.
    pub changed_ids: Vec<String>,
    /// What would be taken away, and that Iden did not order itself.
    pub lost: Sum,
    /// Records that cannot be read.
    pub unreadable: u64,
    /// The first of them.
    pub examples: Vec<String>,
}

impl Plan {
    /// Whether a sync would be held: it needs an approval that nobody has given.
    #[must_use]
    pub fn is_held(&self) -> bool {
        !self.held.is_empty() && self.approved.is_none()
    }

    /// Whether a person's approval would let it through, where it is held.
    #[must_use]
    pub fn can_be_approved(&self) -> bool {
        self.held.iter().all(HoldReason::can_be_approved)
    }
}

/// What a plan is made for.
#[derive(Clone, Copy)]
pub(crate) struct Basis<'a> {
    /// The app, if it exists.
    pub(crate) client: Option<(&'a Client, AppId)>,
    /// The app was found, and the journal does not know it yet: its first completion needs approval.
    pub(crate) adopts: bool,
}

impl<S: Send + Sync + 'static> Sources<S> {
    /// Reads everything, pushes nothing, and writes the plan to the journal, where `approve` finds it. It checks whatever a
    /// sync checks, as far as that needs no write at Iden's side.
    pub(crate) async fn plan(
        &self,
        system: &Arc<S>,
        basis: Basis<'_>,
        stop: &CancellationToken,
    ) -> Result<Plan, SyncError> {
        compare_with_journal(&self.schemas(), &self.journal.types().await?).map_err(SyncError::Types)?;
        let mode = if Bug::DryRunIsWritten.is_planted() { ScanMode::Push } else { ScanMode::Dry };
        self.journal.begin_scan(mode).await?;
        let planned = tokio::select! {
            biased;
            () = stop.cancelled() => Err(SyncError::Interrupted),
            planned = self.dry_run(system, basis) => planned,
        };
        self.journal.end_scan(ScanEnd::Failed, self.clock.wall()).await?;
        planned
    }

    async fn dry_run(&self, system: &Arc<S>, Basis { client, adopts }: Basis<'_>) -> Result<Plan, SyncError> {
        let mut run = Run::new(self, system, client, None);
        run.adopts = adopts;
        run.scan().await?;
        let verdict = run.verdict().await?;
        let approved = match verdict.hold.reasons[..] {
            [] => None,
            _ => self.journal.covering_approval(&verdict.hold.reasons, self.clock.wall()).await?,
        };
        if verdict.hold.reasons.is_empty() || approved.is_some() {
            run.refuse_unsettled().await?;
        }
        let unread = std::mem::take(&mut run.unread).into_iter().filter(UnreadType::needs_approval).collect();
        let mut types = Vec::new();
        for (report, losses) in run.into_reports().0.into_iter().zip(verdict.losses) {
            let slug = report.slug;
            types.push(PlannedType {
                slug,
                kind: report.kind,
                present: losses.present,
                created: losses.created,
                created_ids: self.journal.changes(slug, Change::Created, MOST_LISTED).await?,
                changed: losses.changed,
                changed_ids: self.journal.changes(slug, Change::Changed, MOST_LISTED).await?,
                lost: losses.lost,
                unreadable: report.unreadable,
                examples: report.examples,
            });
        }
        let losses = self.journal.plan_items(&verdict.hold.hash, MOST_LOSSES).await?;
        let (hash, held) = (verdict.hold.hash, verdict.hold.reasons);
        Ok(Plan { hash, app: client.map(|(_, app)| app), held, approved, types, unread, losses })
    }
}
