//! Whether what a scan takes away may be taken away.

use bridge_core::wire::{AppId, Kind};

use super::{error::SyncError, guard, guard::Limits, report::TypeReport, types::unread_reason};
use crate::{
    client::{AccountQuery, Client},
    clock::Clock,
    journal::{Hold, HoldReason, Journal, JournalError, Losses, Origin, UnreadType},
    planted::Bug,
};

/// The witness that the guard has passed a plan, or that a person approved exactly that.
#[derive(Debug)]
pub(super) struct Cleared {
    approval: Option<String>,
}

impl Cleared {
    /// The hash that a person approved, where that was needed.
    pub(super) fn approval(&self) -> Option<&str> {
        self.approval.as_deref()
    }
}

/// Whether this would be the first completion of an app that was there before the journal: it may hold records that
/// nobody here knows of.
pub(super) async fn is_first_of_inherited(journal: &dyn Journal) -> Result<bool, JournalError> {
    if Bug::InheritedCompletes.is_planted() {
        return Ok(false);
    }
    let app = journal.app().await?;
    Ok(app.is_some_and(|app| app.origin == Origin::Inherited) && journal.completed_at().await?.is_none())
}

/// What the guard says of a whole scan.
#[derive(Debug)]
pub(super) struct Verdict {
    /// The plan, with every reason against it.
    pub(super) hold: Hold,
    /// What each type would lose, in the order of `types`.
    pub(super) losses: Vec<Losses>,
}

/// The judge of one scan.
pub(super) struct Judge<'a> {
    pub(super) journal: &'a dyn Journal,
    pub(super) clock: &'a dyn Clock,
    pub(super) client: Option<(&'a Client, AppId)>,
    /// The app was found, and the journal does not know it yet.
    pub(super) adopts: bool,
}

impl Judge<'_> {
    /// Judges every type, and writes the plan down.
    pub(super) async fn judge<'a>(
        &self,
        types: impl Iterator<Item = (&'a TypeReport, &'a Limits)> + Clone,
        unread: &[UnreadType],
    ) -> Result<Verdict, SyncError> {
        let (mut reasons, mut all) = (Vec::new(), Vec::new());
        let inherited = self.adopts || is_first_of_inherited(self.journal).await?;
        if inherited {
            let accounts = types.clone().filter(|(one, _)| one.kind == Kind::Account);
            let pushed = accounts.map(|(one, _)| one.read - one.repeated).sum();
            let app = self.client.map(|(_, app)| app);
            reasons.push(HoldReason::InheritedApp { app, counted: self.count_active().await, pushed });
        }
        for (one, limits) in types {
            let losses = self.journal.losses(one.slug, limits.protected_ids(), self.clock.wall()).await?;
            reasons.extend(guard::reasons(one.slug, limits, &losses));
            if one.kind == Kind::Account {
                let links = self.journal.links_lost(one.slug, self.clock.wall()).await?;
                reasons.extend(guard::link_reasons(one.slug, limits, &losses, &links));
            } else {
                let members = self.journal.members_lost(one.slug, limits.protected_ids()).await?;
                reasons.extend(guard::member_reasons(one.slug, limits, &members));
            }
            reasons.extend(not_told(one, &losses, inherited));
            all.push(losses);
        }
        for one in unread {
            let losses = self.journal.losses(&one.slug, &[], self.clock.wall()).await?;
            reasons.extend(unread_reason(one, losses.lost.removed));
        }
        let hash = self.journal.set_plan(&without_examples(&reasons), self.clock.wall()).await?;
        Ok(Verdict { hold: Hold::new(hash, reasons), losses: all })
    }

    /// Clears a verdict, if nothing speaks against it or a person approved it.
    pub(super) async fn clear(&self, hold: &Hold) -> Result<Cleared, SyncError> {
        if hold.reasons.is_empty() {
            return Ok(Cleared { approval: None });
        }
        match self.journal.covering_approval(&hold.reasons, self.clock.wall()).await? {
            Some(approval) if !Bug::ApprovalIsNotSeen.is_planted() => Ok(Cleared { approval: Some(approval) }),
            _ => {
                let kept = Hold::new(hold.hash.clone(), without_examples(&hold.reasons));
                self.journal.set_held(Some(&kept)).await?;
                Err(SyncError::Held(hold.clone()))
            }
        }
    }

    /// Iden's own count of active accounts: a help, never a condition (protocol.md section 8).
    async fn count_active(&self) -> Option<u64> {
        let (client, app) = self.client?;
        match client.lighthouse_accounts(app, &AccountQuery::default().status("ACTIVE").limit(1)).await {
            Ok(page) => Some(page.count),
            Err(error) => {
                tracing::warn!(error = %error, "how many accounts Iden holds could not be read");
                None
            }
        }
    }
}

fn without_examples(reasons: &[HoldReason]) -> Vec<HoldReason> {
    reasons.iter().cloned().map(HoldReason::without_examples).collect()
}

/// Records that are there, that Iden may hold, and that it could not be told of: completing would remove them.
fn not_told(one: &TypeReport, losses: &Losses, inherited: bool) -> Vec<HoldReason> {
    if Bug::RefusedIsForgotten.is_planted() {
        return Vec::new();
    }
    // A record without a readable id may be anyone who is missing.
    let nameless = if losses.lost.removed > 0 { one.unreadable_nameless } else { 0 };
    // An inherited app may hold what the journal does not know.
    let unreadable = if inherited { one.unreadable } else { losses.unreadable + nameless };
    let rejected = if inherited { one.rejected } else { losses.rejected };
    let slug = || one.slug.to_owned();
    let mut reasons = Vec::new();
    if unreadable > 0 {
        let examples = one.examples.clone();
        reasons.push(HoldReason::Unreadable { slug: slug(), count: unreadable, examples });
    }
    if rejected > 0 {
        let examples = one.rejected_examples.clone();
        reasons.push(HoldReason::Rejected { slug: slug(), count: rejected, examples });
    }
    reasons
}
