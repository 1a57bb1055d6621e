//! What has to be looked at by a person before a session is completed.

use std::collections::BTreeMap;

use bridge_core::wire::{AppId, Kind};

use super::report::SyncReport;
use crate::{
    client::Client,
    journal::{Hold, HoldReason, Journal, Origin},
};

/// The journal's facts that the decision rests on.
#[derive(Debug)]
pub(crate) struct Known {
    origin: Origin,
    has_completed: bool,
    /// How many records of each type Iden may hold from this connector.
    baseline: BTreeMap<String, u64>,
}

impl Known {
    pub(crate) fn from_journal(journal: &Journal) -> Self {
        let (origin, has_completed) = (journal.origin(), journal.completed_at().is_some());
        Known { origin, has_completed, baseline: journal.baseline().clone() }
    }

    /// Whether Iden may hold records that this journal knows nothing of.
    fn is_first_of_inherited(&self) -> bool {
        !self.has_completed && self.origin == Origin::Inherited
    }

    /// Whether completing can remove anybody at all: an app that this journal created, and that nothing was pushed to
    /// before, holds nothing.
    fn can_remove(&self) -> bool {
        self.origin == Origin::Inherited || self.baseline.values().any(|count| *count > 0)
    }
}

/// Why this session must not be completed unseen; `None` if nothing speaks against it.
pub(crate) async fn hold(known: &Known, report: &SyncReport, client: &Client, app: AppId) -> Option<Hold> {
    let mut reasons = Vec::new();
    if known.is_first_of_inherited() {
        let counted = count_active(client, app).await;
        reasons.push(HoldReason::InheritedApp { counted, pushed: report.pushed(Kind::Account) });
    }
    for (slug, before) in known.baseline.iter().filter(|(_, before)| **before > 0) {
        // A type that the connector has no more was refused before the first push.
        if report.types.iter().any(|now| now.slug == slug && now.pushed == 0) {
            reasons.push(HoldReason::Emptied { slug: slug.clone(), before: *before });
        }
    }
    for now in report.types.iter().filter(|now| now.unreadable_known > 0) {
        if known.can_remove() {
            let (slug, count) = (now.slug.to_owned(), now.unreadable_known);
            reasons.push(HoldReason::Unreadable { slug, count, examples: now.examples.clone() });
        }
    }
    (!reasons.is_empty()).then_some(Hold { reasons })
}

/// Iden's own count of active accounts: a help, never a condition (protocol.md section 8).
async fn count_active(client: &Client, app: AppId) -> Option<u64> {
    match client.lighthouse_accounts(app, Some("ACTIVE"), None, 1, 0).await {
        Ok(page) => Some(page.count),
        Err(error) => {
            tracing::warn!(error = %error, "how many accounts Iden holds could not be read");
            None
        }
    }
}
