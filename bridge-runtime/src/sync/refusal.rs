//! A page that Iden refuses, taken apart down to the record that it means.

use bridge_core::wire::{PageReceipt, SyncStatus, text::printable};

use super::{error::SyncError, page::Page, session::Session};
use crate::client::ClientError;

/// So many records refused by themselves, and none accepted, nor any of the other parts: the records are not the matter.
const MOST_IN_VAIN: usize = 3;

/// What became of a page.
#[derive(Debug, Default)]
pub(super) struct Landed {
    /// Records that Iden took, and in how many pages.
    pub(super) accepted: u64,
    pub(super) pages: u64,
    pub(super) created: u64,
    pub(super) updated: u64,
    /// Records that it refused, each by itself.
    pub(super) rejected: Vec<Rejected>,
    /// The largest `total` that exceeded its page: perhaps a total of the session (protocol.md section 4).
    pub(super) total: Option<u64>,
}

/// A record that Iden refuses.
#[derive(Debug)]
pub(super) struct Rejected {
    pub(super) id: String,
    pub(super) why: String,
    /// Iden says that it did not take it; otherwise it may have.
    pub(super) surely_not_applied: bool,
}

/// A page, or what is left of one.
struct Part {
    page: Page,
    /// A push of it, or of the page that it was a part of, may have had its effect all the same.
    may_be_applied: bool,
}

/// Pushes a page. One that is refused for its contents is halved until the records that Iden does not take stand alone.
pub(super) async fn push(session: &Session<'_>, slug: &'static str, page: Page) -> Result<Landed, SyncError> {
    let mut landed = Landed::default();
    let mut refused = None;
    // The left half first, so that records go in the order in which they came.
    let mut left = vec![Part { page, may_be_applied: false }];
    while let Some(Part { page, may_be_applied }) = left.pop() {
        let error = match session.push(slug, &page).await {
            Ok(receipt) => {
                landed.take(slug, &page, &receipt)?;
                continue;
            }
            Err(error) if may_be_a_record(&error) => error,
            Err(error) => return Err(error.into()),
        };
        let may_be_applied = may_be_applied || error.outcome_unknown();
        // Only if other calls succeed meanwhile, and the session is still ours.
        match session.progress().await {
            Ok(progress) if progress.status == SyncStatus::InProgress => {}
            Ok(progress) => return Err(SyncError::Ended { status: progress.status }),
            Err(_) => return Err(error.into()),
        }
        match page.halves() {
            Some([first, second]) => left.extend([second, first].map(|page| Part { page, may_be_applied })),
            None => {
                let why = printable(error.detail(), 200);
                let why = if why.is_empty() { format!("status {}", error.status().unwrap_or(0)) } else { why };
                let id = page.first().to_owned();
                landed.rejected.push(Rejected { id, why, surely_not_applied: !may_be_applied });
                if landed.accepted == 0
                    && landed.rejected.len() == MOST_IN_VAIN
                    && !any_other(session, slug, &mut left, &mut landed).await?
                {
                    return Err(error.into());
                }
                refused = Some(error);
            }
        }
    }
    match refused {
        // All of several, or a server that stumbles: it is not that one record is bad.
        Some(error) if landed.accepted == 0 && (landed.rejected.len() > 1 || error.outcome_unknown()) => {
            Err(error.into())
        }
        _ => Ok(landed),
    }
}

/// Whether Iden takes any of the parts that are left, the largest first. The one that it takes is done with.
async fn any_other(
    session: &Session<'_>,
    slug: &'static str,
    left: &mut Vec<Part>,
    landed: &mut Landed,
) -> Result<bool, SyncError> {
    for at in 0..left.len() {
        let part = &mut left[at];
        match session.push(slug, &part.page).await {
            Ok(receipt) => {
                landed.take(slug, &left.remove(at).page, &receipt)?;
                return Ok(true);
            }
            Err(error) if may_be_a_record(&error) => part.may_be_applied |= error.outcome_unknown(),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(false)
}

impl Landed {
    fn take(&mut self, slug: &'static str, page: &Page, receipt: &PageReceipt) -> Result<(), SyncError> {
        self.accepted += page.len();
        self.pages += 1;
        self.created += receipt.created;
        self.updated += receipt.updated;
        if receipt.total < page.len() {
            return Err(SyncError::Receipt { slug, sent: page.len(), total: receipt.total });
        }
        if receipt.total > page.len() {
            self.total = self.total.max(Some(receipt.total));
        }
        Ok(())
    }
}

/// 400, 409 and 422 are about the contents, or the session has ended. A 500 may be one record that the server stumbles over
/// (protocol.md section 1).
fn may_be_a_record(error: &ClientError) -> bool {
    matches!(error.status(), Some(400 | 409 | 422 | 500))
}
