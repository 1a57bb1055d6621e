//! One type from its source into the session.

use std::collections::{BTreeMap, BTreeSet};

use bridge_core::{Record, TypeSchema, Unreadable, wire::text::printable};
use tokio_util::sync::CancellationToken;

use super::{
    error::SyncError,
    page::{Page, PageBuilder},
    report::TypeReport,
    session::Session,
};
use crate::{
    journal::SharedJournal,
    source::{Ended, FullRead, Item, Reading},
};

/// How many unreadable records are named one by one.
const EXAMPLES: usize = 5;
/// How many unreadable records of a type are remembered. Those beyond count as known to Iden, and are held for.
const MOST_STRANGERS: usize = 10_000;

/// Pushes what `reading` yields. The [`FullRead`] comes back only when the source said that it was done and every page
/// was accepted.
pub(crate) async fn push_type(
    session: &Session<'_>,
    mut reading: Reading,
    report: &mut TypeReport,
    journal: &SharedJournal,
    stop: &CancellationToken,
) -> Result<FullRead, SyncError> {
    let slug = report.slug;
    let strangers = journal.lock().strangers(slug);
    let mut page = PageBuilder::default();
    loop {
        let item = tokio::select! {
            biased;
            () = stop.cancelled() => return Err(SyncError::Interrupted),
            item = reading.next() => item,
        };
        match item {
            Some(Item::Record(record)) => {
                add(&mut page, &record, slug)?;
                if page.is_full() {
                    // A page that is given up may have arrived. The session is abandoned then, so that is no matter.
                    tokio::select! {
                        biased;
                        () = stop.cancelled() => return Err(SyncError::Interrupted),
                        pushed = push_page(session, &mut page, report, journal) => pushed?,
                    }
                }
            }
            Some(Item::Unreadable(unreadable)) => note(report, &unreadable, &strangers),
            None => break,
        }
    }
    let read = report.pushed + page.len();
    let full = reading.end().await.map_err(|ended| match ended {
        Ended::Failed(error) => SyncError::Source { slug, read, error },
        Ended::Panicked => SyncError::SourcePanicked { slug, read },
    })?;
    push_page(session, &mut page, report, journal).await?;
    tracing::info!(
        bridge.resource_type = slug,
        bridge.records = report.pushed,
        report.created,
        report.updated,
        report.unreadable,
        "read to its end"
    );
    Ok(full)
}

fn add(page: &mut PageBuilder, record: &Record, slug: &'static str) -> Result<(), SyncError> {
    page.add(record).map_err(|_| SyncError::DuplicateId { slug, id: record.id().to_owned() })
}

async fn push_page(
    session: &Session<'_>,
    page: &mut PageBuilder,
    report: &mut TypeReport,
    journal: &SharedJournal,
) -> Result<(), SyncError> {
    journal.lock().introduce(report.slug, |id| page.holds(id))?;
    report.unreadable_ids.retain(|id| !page.holds(id));
    let Some(Page { body, records: sent }) = page.take() else { return Ok(()) };
    if report.pushed == 0 {
        // Before the first page: a process that is killed from here on must know that Iden may hold some.
        let some = BTreeMap::from([(report.slug.to_owned(), 1)]);
        journal.lock().raise_baseline(&some)?;
    }
    let receipt = session.push(report.slug, Page { body, records: sent }).await?;
    report.pushed += sent;
    if receipt.total != sent {
        // That the counts are of the page is an assumption (protocol.md section 4); a total of the session is let pass.
        if receipt.total != report.pushed {
            return Err(SyncError::Receipt { slug: report.slug, sent, total: receipt.total });
        }
        tracing::warn!(bridge.resource_type = report.slug, "Iden answers a page with the total of the session");
    }
    report.created += receipt.created;
    report.updated += receipt.updated;
    tracing::debug!(bridge.resource_type = report.slug, bridge.records = report.pushed, "page accepted");
    Ok(())
}

fn note(report: &mut TypeReport, unreadable: &Unreadable, strangers: &BTreeSet<String>) {
    report.unreadable += 1;
    match &unreadable.id {
        Some(id) if strangers.contains(id) => {}
        _ => report.unreadable_known += 1,
    }
    if let Some(id) = &unreadable.id
        && report.unreadable_ids.len() < MOST_STRANGERS
    {
        report.unreadable_ids.insert(id.clone());
    }
    if report.examples.len() < EXAMPLES {
        // The text comes from the external system: it must not forge a line of the log.
        let example = printable(&unreadable.to_string(), 512);
        tracing::warn!(bridge.resource_type = report.slug, "{example}");
        report.examples.push(example);
    }
}

impl TypeReport {
    pub(super) fn new(schema: &TypeSchema) -> Self {
        TypeReport {
            slug: schema.slug,
            name: schema.name,
            kind: schema.kind,
            pushed: 0,
            created: 0,
            updated: 0,
            unreadable: 0,
            examples: Vec::new(),
            unreadable_ids: BTreeSet::new(),
            unreadable_known: 0,
        }
    }
}
