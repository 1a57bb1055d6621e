//! What a completed sync leaves behind: one line of the log, figures, and the ids of what it changed.

use std::collections::BTreeMap;

use bridge_core::wire::text::printable;

use super::{engine::SyncEngine, report::SyncReport};
use crate::{
    journal::{Change, JournalError, LossKind, PlanItem, Sum},
    telemetry::{OTHER, SYNC_CHANGES, SYNC_FOUND},
};

/// How many ids of new and changed records a report lists of each type.
const MOST_LISTED: usize = 100;
/// How much of what a session ended is listed.
const MOST_ENDED: usize = 1_000;

/// What a completed session has ended, of types that the connector does not read.
pub(super) type OfOthers = Sum;

impl<S: Send + Sync + 'static> SyncEngine<S> {
    /// Takes what the open scan changes into the report, before the scan ends.
    pub(super) async fn note_changes(&self, report: &mut SyncReport) -> Result<OfOthers, JournalError> {
        let ended = self.journal().ended(MOST_ENDED).await?;
        let mut sums: BTreeMap<String, Sum> = ended.sums;
        for one in &mut report.types {
            one.ended = sums.remove(one.slug).unwrap_or_default();
            one.fresh_ids = self.journal().changes(one.slug, Change::Created, MOST_LISTED).await?;
            one.changed_ids = self.journal().changes(one.slug, Change::Changed, MOST_LISTED).await?;
        }
        report.ended = ended.items;
        Ok(sums.into_values().fold(Sum::default(), plus))
    }

    /// Says what a completed sync has changed.
    pub(super) fn tell(&self, report: &SyncReport, others: OfOthers) {
        let meter = &self.sources.meter;
        for one in &report.types {
            let Sum { removed, deactivated, edges } = one.ended;
            let changes = [
                ("created", one.fresh),
                ("updated", one.changed),
                ("removed", removed),
                ("deactivated", deactivated),
                ("links_ended", edges),
            ];
            for (change, count) in changes {
                meter.add(&SYNC_CHANGES, &[one.slug, change], count);
            }
            meter.add(&SYNC_FOUND, &[one.slug], one.found_by_find);
            if one.found_by_find > 0 {
                tracing::warn!(
                    bridge.resource_type = one.slug,
                    bridge.found_by_find = one.found_by_find,
                    "the source's list is incomplete: some records were found only by `find`"
                );
            }
            name_ids(one.slug, "created", &one.fresh_ids);
            name_ids(one.slug, "updated", &one.changed_ids);
        }
        if others.removed > 0 {
            meter.add(&SYNC_CHANGES, &[OTHER, "removed"], others.removed);
        }
        for some in report.ended.chunk_by(|a, b| (&a.slug, a.kind) == (&b.slug, b.kind)) {
            let ids: Vec<String> = some.iter().map(shown).collect();
            name_ids(&some[0].slug, change(some[0].kind), &ids);
        }
        let of = |count: fn(&super::TypeReport) -> u64| report.types.iter().map(count).sum::<u64>();
        tracing::info!(
            bridge.created = of(|one| one.fresh),
            bridge.updated = of(|one| one.changed),
            bridge.removed = of(|one| one.ended.removed) + others.removed,
            bridge.deactivated = of(|one| one.ended.deactivated) + others.deactivated,
            bridge.links_ended = of(|one| one.ended.edges) + others.edges,
            bridge.found_by_find = of(|one| one.found_by_find),
            bridge.settled = report.settled,
            "sync completed"
        );
    }
}

fn plus(a: Sum, b: Sum) -> Sum {
    Sum { removed: a.removed + b.removed, deactivated: a.deactivated + b.deactivated, edges: a.edges + b.edges }
}

fn change(kind: LossKind) -> &'static str {
    match kind {
        LossKind::Removed => "removed",
        LossKind::Deactivated => "deactivated",
        LossKind::Edge => "links_ended",
    }
}

fn shown(item: &PlanItem) -> String {
    match &item.target {
        Some((slug, id)) => format!("{} at {slug} {id}", item.id),
        None => item.id.clone(),
    }
}

fn name_ids(slug: &str, change: &str, ids: &[String]) {
    if !ids.is_empty() {
        let ids: Vec<_> = ids.iter().map(|id| printable(id, 80)).collect();
        tracing::debug!(bridge.resource_type = slug, bridge.change = change, bridge.ids = ids.join(", "), "changed");
    }
}
