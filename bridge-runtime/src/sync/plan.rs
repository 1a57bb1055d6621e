//! The dry run: what a sync would create, change and take away.

use std::sync::Arc;

use bridge_core::wire::{AppId, Kind};
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use super::{error::SyncError, run::Run, sources::Sources};
use crate::{
    client::Client,
    journal::{Change, HoldReason, PlanItem, ScanEnd, ScanMode, Sum},
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
    /// The app that a sync would work on. `None`: it would make one, or adopt the one of this name, whose first completion
    /// then waits for approval.
    pub app: Option<AppId>,
    /// Why a sync would be held; empty if it would go through.
    pub held: Vec<HoldReason>,
    /// Type by type, in the order of reading.
    pub types: Vec<PlannedType>,
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
    /// Whether a person's approval would let it through, where it is held.
    #[must_use]
    pub fn can_be_approved(&self) -> bool {
        self.held.iter().all(HoldReason::can_be_approved)
    }
}

impl<S: Send + Sync + 'static> Sources<S> {
    /// Reads everything, pushes nothing, and writes the plan to the journal, where `approve` finds it.
    pub(crate) async fn plan(
        &self,
        system: &Arc<S>,
        client: Option<(&Client, AppId)>,
        stop: &CancellationToken,
    ) -> Result<Plan, SyncError> {
        self.journal.begin_scan(ScanMode::Dry).await?;
        let planned = tokio::select! {
            biased;
            () = stop.cancelled() => Err(SyncError::Interrupted),
            planned = self.dry_run(system, client) => planned,
        };
        self.journal.end_scan(ScanEnd::Failed, self.clock.wall()).await?;
        planned
    }

    async fn dry_run(&self, system: &Arc<S>, client: Option<(&Client, AppId)>) -> Result<Plan, SyncError> {
        let mut run = Run::new(self, system, client, None);
        run.scan().await?;
        let verdict = run.verdict().await?;
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
        Ok(Plan { hash: verdict.hold.hash, app: client.map(|(_, app)| app), held: verdict.hold.reasons, types, losses })
    }
}
