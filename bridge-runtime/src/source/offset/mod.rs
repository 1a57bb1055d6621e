//! Sources that page by offset and limit.

#[cfg(test)]
mod moving;
mod recent;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use bridge_core::{SourceError, wire::text::printable};

use self::recent::Recent;
use super::row::Row;

/// Which part of a page is asked for a second time, with the page after it: one in so many.
const OVERLAP: usize = 8;
/// How often in a row the reader goes back for a row that it knows: by one page, by two more, by four more.
const STEPS: u32 = 3;
/// How many requests in a row may bring no new row. The steps back and the way forward again are within it.
const IDLE: u32 = 16;

/// What to do about a list that cannot be read by offset.
const INSTEAD: &str = "read it by a cursor on a unique key (`out.pages`), or from a snapshot";

/// A walk through a list that moves under the reader.
///
/// Why no row is skipped, in a list that keeps its order: let every lasting row up to some known row be pushed. A page
/// that holds a known row holds all lasting rows between that one and its own last, wherever deletes and inserts have
/// moved it. So pushing what is unknown in it makes the same true of its last row. A page without a known row may lie
/// behind a gap: nothing is taken from it, and the walk goes back. The page at offset 0 needs no known row.
#[derive(Debug)]
pub(super) struct OffsetWalk {
    ask: Option<Ask>,
    limit: usize,
    /// The rows of the longest page: the system gives as many, where it has them.
    longest: usize,
    recent: Recent,
    /// Where each id stood in the page that was taken last.
    last: HashMap<String, usize>,
    steps: u32,
    idle: u32,
}

/// The request that is due, by its offset.
#[derive(Clone, Copy, Debug)]
enum Ask {
    Page(usize),
    /// What follows a page that looked like the last.
    Behind(usize),
}

impl OffsetWalk {
    pub(super) fn new(limit: usize) -> Result<Self, SourceError> {
        if limit < 2 {
            return Err(SourceError::new(format_args!(
                "`offset_pages` was asked for pages of {limit}, which cannot overlap: ask for 2 rows or more"
            )));
        }
        Ok(OffsetWalk {
            ask: Some(Ask::Page(0)),
            limit,
            longest: 0,
            recent: Recent::default(),
            last: HashMap::new(),
            steps: 0,
            idle: 0,
        })
    }

    /// The offset to ask for now; `None` at the end.
    pub(super) fn next(&self) -> Option<usize> {
        self.ask.map(|(Ask::Page(at) | Ask::Behind(at))| at)
    }

    /// Takes the answer, and gives those of its rows that are to be pushed.
    pub(super) fn turn<R>(&mut self, rows: Vec<Row<R>>) -> Result<Vec<Row<R>>, SourceError> {
        match self.ask {
            Some(Ask::Behind(_)) if rows.is_empty() => {
                self.ask = None;
                Ok(rows)
            }
            Some(Ask::Page(0)) if rows.is_empty() && self.longest == 0 => {
                self.ask = None;
                Ok(rows)
            }
            Some(Ask::Page(at)) => self.page(at, rows),
            // Not the end after all. Nothing is taken from it: where its rows are new, they follow no known one.
            Some(Ask::Behind(at)) => {
                self.idle(at)?;
                let filtered = self.is_short(rows.len()) && rows.iter().all(|row| self.knows(row));
                self.ask = Some(if filtered {
                    // Rows that stood before it: the system counts others that it does not give, so its end is further.
                    Ask::Behind(at + self.longest)
                } else {
                    Ask::Page(at.saturating_sub(self.overlap()))
                });
                Ok(Vec::new())
            }
            None => Ok(Vec::new()),
        }
    }

    fn page<R>(&mut self, at: usize, rows: Vec<Row<R>>) -> Result<Vec<Row<R>>, SourceError> {
        let (len, ids) = (rows.len(), ids(at, &rows)?);
        self.check_order(at, &rows)?;
        let known = rows.iter().rposition(|row| self.knows(row));
        match known {
            Some(_) => self.steps = 0,
            // Empty all at once, it is more likely at fault than at its end.
            None if at == 0 && len > 0 => {}
            None => return self.step_back(at),
        }
        self.longest = self.longest.max(len);
        // New rows before a known one came in behind the reader. If only they counted, a list could grow there for ever.
        let goes_on = rows.iter().enumerate().any(|(place, row)| row.id().is_some() && known < Some(place));
        // A row without an id cannot be recognised; but one before a known row was there before.
        let is_new = |place, row: &Row<R>| !self.knows(row) && (row.id().is_some() || known < Some(place));
        let rows = rows.into_iter().enumerate().filter(|(place, row)| is_new(*place, row));
        let new: Vec<_> = rows.map(|(_, row)| row).collect();
        for id in new.iter().filter_map(Row::id) {
            self.recent.add(id.to_owned(), self.longest);
        }
        self.last = ids;

        let end = at + len;
        if goes_on {
            self.idle = 0;
        } else {
            self.idle(at)?;
        }
        // The list ends with a page like that; unless the system counts rows that it does not give.
        self.ask = Some(if !goes_on && self.is_short(len) {
            Ask::Behind(end)
        } else {
            Ask::Page(end.saturating_sub(self.overlap()))
        });
        Ok(new)
    }

    fn knows<R>(&self, row: &Row<R>) -> bool {
        row.id().is_some_and(|id| self.recent.holds(id))
    }

    /// Whether the system would have given more if it had more. It has given a longer page; or this is one row, the least
    /// that a page can be.
    fn is_short(&self, len: usize) -> bool {
        len < self.longest.max(2)
    }

    /// How many rows to ask for again. At most half of what the system gives, so that it goes on where that is little;
    /// fewer with each page that brings nothing new.
    fn overlap(&self) -> usize {
        ((self.limit / OVERLAP).min(self.longest / 2) >> self.idle).max(1)
    }

    fn step_back<R>(&mut self, at: usize) -> Result<Vec<Row<R>>, SourceError> {
        if self.steps == STEPS {
            return Err(SourceError::new(format_args!(
                "the source moved too far between two pages: none of the rows from offset {at} on was read before, so \
                 that rows may be skipped; if its ids are the same in every answer, {INSTEAD}"
            )));
        }
        let back = self.longest << self.steps;
        self.steps += 1;
        tracing::debug!(offset = at, back, "the page does not overlap the one before; going back");
        self.ask = Some(Ask::Page(at.saturating_sub(back)));
        Ok(Vec::new())
    }

    fn idle(&mut self, at: usize) -> Result<(), SourceError> {
        self.idle += 1;
        if self.idle < IDLE {
            return Ok(());
        }
        Err(SourceError::new(format_args!(
            "{IDLE} pages in a row, the last at offset {at}, brought no new row, and none was the end: the source ignores \
             the offset, gives one row a page, or grows faster than it is read; {INSTEAD}"
        )))
    }

    fn check_order<R>(&self, at: usize, rows: &[Row<R>]) -> Result<(), SourceError> {
        let both = rows.iter().filter_map(|row| row.id().and_then(|id| Some((self.last.get(id)?, id))));
        let mut before = None;
        for (place, id) in both {
            if before > Some(place) {
                return Err(SourceError::new(format_args!(
                    "the source changed the order of its rows between two pages (`{}`, at offset {at}), so that rows may be \
                     skipped: sort by a key that is unique and never changes, or {INSTEAD}",
                    printable(id, 64)
                )));
            }
            before = Some(place);
        }
        Ok(())
    }
}

/// Where each id stands in the page at `at`.
fn ids<R>(at: usize, rows: &[Row<R>]) -> Result<HashMap<String, usize>, SourceError> {
    let mut ids = HashMap::with_capacity(rows.len());
    for (place, id) in rows.iter().enumerate().filter_map(|(place, row)| Some((place, row.id()?))) {
        if ids.insert(id.to_owned(), place).is_some() {
            return Err(SourceError::new(format_args!(
                "the source gave the id `{}` twice in one page, at offset {at}: an id must stand for one record",
                printable(id, 64)
            )));
        }
    }
    Ok(ids)
}
