//! What a scan would take away from one type, against its limits.

use super::Limits;
use crate::{
    journal::{Excess, HoldReason, LossKind, Losses},
    planted::Bug,
};

/// From so many records on, many removed and many new are taken for changed ids. In a smaller type a single person who
/// comes as another one goes would be enough.
const CHURN_FROM: u64 = 10;
/// More than so many percent, of both.
const CHURN_PERCENT: u128 = 30;

/// Why completing has to wait for a person; empty if the type may pass. Every reason that holds is in it, in the order of
/// [`HoldReason`]: an approval counts for the reasons that it lists, and the next scan may trip over fewer of them.
///
/// What Iden itself ordered is in none of the numbers. So a type that tasks have emptied passes.
pub(crate) fn reasons(slug: &str, limits: &Limits, losses: &Losses) -> Vec<HoldReason> {
    if Bug::GuardIsOff.is_planted() {
        return Vec::new();
    }
    let tallies = tallies(limits, losses);
    let emptied = losses.baseline > 0 && losses.present == 0 && losses.lost.removed > 0;
    let mut reasons = Vec::new();
    if emptied {
        reasons.push(HoldReason::Emptied { slug: slug.to_owned(), before: losses.baseline });
    }
    for tally in &tallies {
        // That a type has nothing left says more than by how many that is too much.
        if !(emptied && tally.kind == LossKind::Removed) {
            reasons.extend(tally.over_one_sync(slug));
        }
    }
    reasons.extend(tallies.iter().filter_map(|tally| tally.over_one_day(slug)));
    if is_churn(losses) {
        let (removed, created, before) = (losses.lost.removed, new(losses), losses.baseline);
        reasons.push(HoldReason::Churn { slug: slug.to_owned(), removed, created, before });
    }
    if losses.respelled > 0 && !Bug::RespelledIsSilent.is_planted() {
        let (slug, count, examples) = (slug.to_owned(), losses.respelled, losses.respellings.clone());
        reasons.push(HoldReason::Respelled { slug, count, examples });
    }
    if !losses.protected.is_empty() {
        reasons.push(HoldReason::Protected { slug: slug.to_owned(), ids: losses.protected.clone() });
    }
    if !losses.protected_deactivated.is_empty() && !Bug::ProtectedIsDeactivated.is_planted() {
        let ids = losses.protected_deactivated.clone();
        reasons.push(HoldReason::ProtectedDeactivated { slug: slug.to_owned(), ids });
    }
    reasons
}

/// One kind of loss.
struct Tally {
    kind: LossKind,
    lost: u64,
    last_day: u64,
    allowed: u64,
    before: u64,
}

fn tallies(limits: &Limits, losses: &Losses) -> [Tally; 3] {
    let (lost, last_day) = (losses.lost, losses.last_day);
    let (before, allowed) = (losses.baseline, limits.allowed_records(losses.baseline));
    let (edges, allowed_edges) = (losses.baseline_edges, limits.allowed_edges(losses.baseline_edges));
    let tally = |kind, lost, last_day, allowed, before| Tally { kind, lost, last_day, allowed, before };
    [
        tally(LossKind::Removed, lost.removed, last_day.removed, allowed, before),
        tally(LossKind::Deactivated, lost.deactivated, last_day.deactivated, allowed, before),
        tally(LossKind::Edge, lost.edges, last_day.edges, allowed_edges, edges),
    ]
}

impl Tally {
    fn over_one_sync(&self, slug: &str) -> Option<HoldReason> {
        let reason = match self.kind {
            LossKind::Removed => HoldReason::Removed,
            LossKind::Deactivated => HoldReason::Deactivated,
            LossKind::Edge => HoldReason::Edges,
        };
        (self.lost > self.allowed).then(|| reason(Excess::new(slug, self.lost, self.allowed, self.before)))
    }

    /// Without a loss in this sync, there is nothing to hold; without one before it, there is nothing to add to what
    /// [`Tally::over_one_sync`] says.
    fn over_one_day(&self, slug: &str) -> Option<HoldReason> {
        if self.lost == 0 || self.last_day == 0 || Bug::DayIsNotSummed.is_planted() {
            return None;
        }
        let (count, allowed) = (self.lost.saturating_add(self.last_day), self.allowed.saturating_mul(2));
        let excess = || Excess::new(slug, count, allowed, self.before);
        (count > allowed).then(|| HoldReason::LastDay { kind: self.kind, excess: excess() })
    }
}

/// Whether the ids themselves seem to have changed. No setting lets that pass: who allows many leavers does not mean
/// that everybody is to be made anew.
fn is_churn(losses: &Losses) -> bool {
    let many = |count: u64| u128::from(count) * 100 > u128::from(losses.baseline) * CHURN_PERCENT;
    losses.baseline >= CHURN_FROM && many(losses.lost.removed) && many(new(losses))
}

/// How many were not there before. Those whom a sync has pushed that was held are not new to Iden at the next one; they
/// are more than what is left of those before.
fn new(losses: &Losses) -> u64 {
    let left = losses.baseline.saturating_sub(losses.lost.removed);
    losses.created.max(losses.present.saturating_sub(left))
}
