//! Records of one type on their way from the source to Iden.

use std::collections::HashSet;

use bridge_core::{Record, Unreadable, wire::text::printable};

use super::{
    digest::{edges, seen},
    error::SyncError,
    flight::Flight,
    held_back::{HeldBack, Kept},
    page::{MOST_BYTES, MOST_RECORDS, PageBuilder},
    refusal::Landed,
    report::TypeReport,
    session::Session,
    status_line::StatusLine,
    window::Window,
};
use crate::{
    journal::{Activity, Change, Journal, Judgement},
    source::Item,
    telemetry::{SYNC_PAGES, SYNC_READ, SYNC_RECORDS},
};

/// How many unreadable, refused and dangling ones are named one by one.
const EXAMPLES: usize = 5;

/// Takes records in, a page at a time. The journal judges each; what takes nothing away is pushed, the rest is held back.
/// In a dry run, without a session, the journal alone sees them.
pub(super) struct Intake<'a> {
    journal: &'a dyn Journal,
    status: &'a StatusLine<'a>,
    flight: Option<Flight<'a>>,
    held_back: &'a mut HeldBack,
    report: &'a mut TypeReport,
    /// A snapshot holds each id once.
    refuses_repeats: bool,
    distinct_ids: bool,
    batch: Vec<Record>,
    batch_ids: HashSet<String>,
    batch_bytes: usize,
    unreadable: Vec<String>,
}

/// The witness that every page of one type was accepted, less records that were refused one by one and are counted.
#[derive(Debug)]
pub(super) struct Accepted {
    slug: &'static str,
}

impl Accepted {
    pub(super) fn slug(&self) -> &'static str {
        self.slug
    }
}

impl<'a> Intake<'a> {
    pub(super) fn new(
        (journal, status): (&'a dyn Journal, &'a StatusLine<'a>),
        way: Option<(&'a Session<'a>, &'a mut Window)>,
        held_back: &'a mut HeldBack,
        report: &'a mut TypeReport,
        refuses_repeats: bool,
        distinct_ids: bool,
    ) -> Self {
        let slug = report.slug;
        Intake {
            journal,
            status,
            flight: way.map(|(session, window)| Flight::new(session, slug, window)),
            held_back,
            report,
            refuses_repeats,
            distinct_ids,
            batch: Vec::with_capacity(MOST_RECORDS),
            batch_ids: HashSet::with_capacity(MOST_RECORDS),
            batch_bytes: 0,
            unreadable: Vec::new(),
        }
    }

    /// Whether Iden has refused this record in this session.
    pub(super) fn was_rejected(&self, id: &str) -> bool {
        self.report.rejected_ids.contains(id)
    }

    /// Where it says how far it has come.
    pub(super) fn status(&self) -> &'a StatusLine<'a> {
        self.status
    }

    /// Takes a record that no read has listed.
    pub(super) async fn take_found(&mut self, item: Item) -> Result<(), SyncError> {
        self.report.found_by_find += 1;
        self.take(item).await
    }

    /// How many records it has taken.
    pub(super) fn taken(&self) -> u64 {
        self.report.read + self.batch.len() as u64
    }

    /// Waits for a page that is on its way; for ever where none is. Dropping the future loses nothing.
    pub(super) async fn landed(&mut self) -> Result<Landed, SyncError> {
        match &mut self.flight {
            Some(flight) => flight.landed().await,
            None => std::future::pending().await,
        }
    }

    pub(super) async fn take(&mut self, item: Item) -> Result<(), SyncError> {
        match item {
            Item::Record(record) => self.take_record(record).await,
            Item::Unreadable(unreadable) => self.take_unreadable(unreadable).await,
        }
    }

    async fn take_record(&mut self, record: Record) -> Result<(), SyncError> {
        if !self.batch_ids.insert(record.id().to_owned()) {
            return Err(SyncError::DuplicateId { slug: self.report.slug, id: record.id().to_owned() });
        }
        self.batch_bytes += record.size();
        self.batch.push(record);
        if self.batch.len() == MOST_RECORDS || self.batch_bytes + bridge_core::MAX_RECORD_BYTES > MOST_BYTES {
            self.judge_batch().await?;
        }
        Ok(())
    }

    async fn take_unreadable(&mut self, unreadable: Unreadable) -> Result<(), SyncError> {
        self.report.unreadable += 1;
        self.status.count(&SYNC_RECORDS, &[self.report.slug, "unreadable"], 1);
        if self.report.examples.len() < EXAMPLES {
            // The text comes from the external system: it must not forge a line of the log.
            let example = printable(&unreadable.to_string(), 512);
            tracing::warn!(bridge.resource_type = self.report.slug, "{example}");
            self.report.examples.push(example);
        }
        match unreadable.id {
            Some(id) => self.unreadable.push(id),
            None => self.report.unreadable_nameless += 1,
        }
        if self.unreadable.len() == MOST_RECORDS { self.note_unreadable().await } else { Ok(()) }
    }

    async fn note_unreadable(&mut self) -> Result<(), SyncError> {
        let ids = std::mem::take(&mut self.unreadable);
        Ok(self.journal.set_unreadable(self.report.slug, ids).await?)
    }

    /// The journal knows of the batch before any of it is pushed.
    async fn judge_batch(&mut self) -> Result<(), SyncError> {
        let batch = std::mem::take(&mut self.batch);
        self.batch_ids.clear();
        self.batch_bytes = 0;
        if batch.is_empty() {
            return Ok(());
        }
        let seen = batch.iter().map(|record| seen(self.report.slug, record)).collect();
        let mut judgements = self.journal.see(self.report.slug, self.report.kind, seen).await?;
        self.report.read += batch.len() as u64;
        self.status.count(&SYNC_READ, &[self.report.slug], batch.len() as u64);
        if judgements.iter().any(|judgement| judgement.repeated) {
            let rejected = self.report.rejected;
            // The last one wins, so the first has to be there before it.
            self.drain().await?;
            if self.report.rejected > rejected {
                self.judge_again(&batch, &mut judgements).await?;
            }
        }
        let mut page = PageBuilder::default();
        for (mut record, judgement) in batch.into_iter().zip(judgements) {
            self.count(&record, &judgement)?;
            record.drop_edges(&judgement.dangling);
            match judgement.held_back {
                Some(number) => self.held_back.add(number, &record).map_err(SyncError::HeldBack)?,
                None => page.add(record.id(), |body| record.append_json(body)).expect("ids stand once in a batch"),
            }
        }
        self.launch(page).await?;
        self.status.say(Activity::Reading { slug: self.report.slug.to_owned(), records: self.report.read }).await
    }

    /// Where the first one was refused, the journal has forgotten both.
    async fn judge_again(&mut self, batch: &[Record], judgements: &mut [Judgement]) -> Result<(), SyncError> {
        let places: Vec<usize> = (0..batch.len()).filter(|at| judgements[*at].repeated).collect();
        let records = places.iter().map(|at| seen(self.report.slug, &batch[*at])).collect();
        let again = self.journal.see(self.report.slug, self.report.kind, records).await?;
        for (at, judgement) in places.into_iter().zip(again) {
            judgements[at] = Judgement { repeated: true, ..judgement };
        }
        Ok(())
    }

    fn count(&mut self, record: &Record, judgement: &Judgement) -> Result<(), SyncError> {
        let report = &mut *self.report;
        if judgement.repeated {
            if self.refuses_repeats {
                return Err(SyncError::DuplicateId { slug: report.slug, id: record.id().to_owned() });
            }
            report.repeated += 1;
        }
        if let Some(twin) = &judgement.twin {
            let (slug, id, twin) = (report.slug, printable(record.id(), 200), printable(twin, 200));
            if self.distinct_ids {
                return Err(SyncError::TwinIds { slug, id, twin });
            }
            if report.twins < EXAMPLES as u64 {
                tracing::warn!(
                    bridge.resource_type = slug,
                    "`{id}` and `{twin}` differ only by case, blanks or normal form"
                );
            }
            report.twins += 1;
        }
        match judgement.change {
            Change::Created => report.fresh += 1,
            Change::Changed => report.changed += 1,
            Change::Same => {}
        }
        for (slug, id) in edges(record).enumerate().filter(|(at, _)| judgement.dangling.contains(at)).map(|(_, e)| e) {
            report.dangling += 1;
            if report.dangling_examples.len() < EXAMPLES {
                let (from, to) = (printable(record.id(), 200), printable(id, 200));
                let example = format!("`{from}` points to `{to}`, and no such `{slug}` was read");
                tracing::warn!(bridge.resource_type = report.slug, "{example}; the edge is left out");
                report.dangling_examples.push(example);
            }
        }
        Ok(())
    }

    async fn launch(&mut self, mut page: PageBuilder) -> Result<(), SyncError> {
        let Some(page) = page.take() else { return Ok(()) };
        while self.flight.as_ref().is_some_and(|flight| !flight.has_room()) {
            let landed = self.landed().await?;
            self.note_landed(landed).await?;
        }
        if let Some(flight) = &mut self.flight {
            self.report.sent += page.len();
            flight.launch(page);
            self.status.pages(0, flight.len());
        }
        Ok(())
    }

    pub(super) async fn note_landed(&mut self, landed: Landed) -> Result<(), SyncError> {
        let report = &mut *self.report;
        report.pushed += landed.accepted;
        report.created += landed.created;
        report.updated += landed.updated;
        let (slug, refused) = (report.slug, landed.rejected.len() as u64);
        for (outcome, records) in [("created", landed.created), ("updated", landed.updated), ("refused", refused)] {
            self.status.count(&SYNC_RECORDS, &[slug, outcome], records);
        }
        self.status.count(&SYNC_PAGES, &[slug], landed.pages);
        self.status.pages(landed.pages, self.flight.as_ref().map_or(0, Flight::len));
        if let Some(total) = landed.total {
            // That the counts are of the page is an assumption (protocol.md section 4); a total of the session is let pass.
            if total > report.sent {
                return Err(SyncError::Receipt { slug: report.slug, sent: report.sent, total });
            }
            if !std::mem::replace(&mut report.cumulative_totals, true) {
                tracing::warn!(bridge.resource_type = report.slug, "Iden answers a page with the total of the session");
            }
        }
        for rejected in landed.rejected {
            report.rejected_ids.insert(rejected.id.clone());
            report.rejected += 1;
            let example = format!("`{}`: {}", printable(&rejected.id, 200), rejected.why);
            tracing::warn!(bridge.resource_type = report.slug, "Iden refuses the record {example}");
            if report.rejected_examples.len() < EXAMPLES {
                report.rejected_examples.push(example);
            }
            self.journal.reject(report.slug, &rejected.id, rejected.surely_not_applied).await?;
        }
        Ok(())
    }

    async fn drain(&mut self) -> Result<(), SyncError> {
        while self.flight.as_ref().is_some_and(|flight| !flight.is_empty()) {
            let landed = self.landed().await?;
            self.note_landed(landed).await?;
        }
        Ok(())
    }

    /// Pushes what was held back: the guard has passed.
    pub(super) async fn push_held_back(&mut self, records: Vec<Kept>) -> Result<(), SyncError> {
        let numbers = records.iter().map(|kept| (kept.id.clone(), kept.number)).collect();
        let still = self.journal.release(self.report.slug, numbers, self.status.wall()).await?;
        let mut page = PageBuilder::default();
        for (kept, _) in records.into_iter().zip(still).filter(|(_, still)| *still) {
            page.add(&kept.id, |body| body.extend_from_slice(&kept.json)).expect("one number of an id still stands");
            self.report.reduced += 1;
            if page.is_full() {
                self.launch(std::mem::take(&mut page)).await?;
            }
        }
        self.launch(page).await
    }

    /// Sends the last page and waits for all of them.
    pub(super) async fn finish(mut self) -> Result<Accepted, SyncError> {
        self.judge_batch().await?;
        if !self.unreadable.is_empty() {
            self.note_unreadable().await?;
        }
        self.drain().await?;
        Ok(Accepted { slug: self.report.slug })
    }
}
