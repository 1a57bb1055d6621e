//! Records on their way into the bytes of a page.

use std::collections::HashSet;

use bridge_core::MAX_RECORD_BYTES;
use bytes::Bytes;

/// The most records that a page may carry (protocol.md section 4).
pub(super) const MOST_RECORDS: usize = 100;
/// A page that has grown to this is sent, full or not. The protocol names no limit; gateways have one.
pub(super) const MOST_BYTES: usize = 1024 * 1024;

const HEAD: &[u8] = b"{\"records\":[";
const TAIL: &[u8] = b"]}";

/// A page as it goes over the wire.
#[derive(Clone, Debug)]
pub(crate) struct Page {
    body: Bytes,
    records: Vec<Placed>,
}

/// Where a record stands in the body.
#[derive(Clone, Debug)]
struct Placed {
    id: String,
    start: usize,
    end: usize,
}

impl Page {
    pub(crate) fn body(&self) -> Bytes {
        self.body.clone()
    }

    pub(crate) fn len(&self) -> u64 {
        self.records.len() as u64
    }

    /// The first record's id.
    pub(super) fn first(&self) -> &str {
        &self.records[0].id
    }

    /// Two pages of half the records each; `None` where there is only one record.
    pub(super) fn halves(&self) -> Option<[Page; 2]> {
        let half = self.records.len() / 2;
        (half > 0).then(|| {
            let (left, right) = self.records.split_at(half);
            [self.part(left), self.part(right)]
        })
    }

    fn part(&self, records: &[Placed]) -> Page {
        let mut part = PageBuilder::default();
        for record in records {
            let json = &self.body[record.start..record.end];
            part.add(&record.id, |body| body.extend_from_slice(json)).expect("ids stand once in a page");
        }
        part.take().expect("a half has records")
    }
}

/// A page that is being filled.
#[derive(Debug, Default)]
pub(super) struct PageBuilder {
    body: Vec<u8>,
    ids: HashSet<String>,
    records: Vec<Placed>,
}

/// The same id stands in the page already.
#[derive(Debug, PartialEq)]
pub(super) struct Duplicate;

impl PageBuilder {
    /// Adds the record that `write` appends as JSON.
    pub(super) fn add(&mut self, id: &str, write: impl FnOnce(&mut Vec<u8>)) -> Result<(), Duplicate> {
        if !self.ids.insert(id.to_owned()) {
            return Err(Duplicate);
        }
        self.body.extend_from_slice(if self.records.is_empty() { HEAD } else { b"," });
        let start = self.body.len();
        write(&mut self.body);
        self.records.push(Placed { id: id.to_owned(), start, end: self.body.len() });
        Ok(())
    }

    pub(super) fn is_full(&self) -> bool {
        self.records.len() == MOST_RECORDS || self.body.len() + MAX_RECORD_BYTES > MOST_BYTES
    }

    /// The page, unless it is empty: an empty page is not sent.
    pub(super) fn take(&mut self) -> Option<Page> {
        if self.records.is_empty() {
            return None;
        }
        self.ids.clear();
        let capacity = self.body.capacity();
        self.body.extend_from_slice(TAIL);
        let body = std::mem::replace(&mut self.body, Vec::with_capacity(capacity));
        Some(Page { body: body.into(), records: std::mem::take(&mut self.records) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn add(page: &mut PageBuilder, id: &str) -> Result<(), Duplicate> {
        page.add(id, |body| body.extend_from_slice(format!("{{\"id\":\"{id}\"}}").as_bytes()))
    }

    fn body(page: &Page) -> String {
        String::from_utf8(page.body().to_vec()).unwrap()
    }

    #[test]
    fn a_page_is_what_the_protocol_asks_for() {
        let mut page = PageBuilder::default();
        add(&mut page, "7").unwrap();
        add(&mut page, "8").unwrap();
        let page = page.take().unwrap();
        assert_eq!(body(&page), r#"{"records":[{"id":"7"},{"id":"8"}]}"#);
        assert_eq!(page.len(), 2);
    }

    #[test]
    fn a_page_is_full_at_a_hundred_records_or_when_it_gets_heavy() {
        let mut page = PageBuilder::default();
        for id in 0..100 {
            assert!(!page.is_full(), "at {id}");
            add(&mut page, &id.to_string()).unwrap();
        }
        assert!(page.is_full());
        page.take().unwrap();
        assert!(page.take().is_none(), "an empty page is not sent");

        for id in 0..5 {
            if !page.is_full() {
                page.add(&id.to_string(), |body| body.resize(body.len() + 200 * 1024, b'x')).unwrap();
            }
        }
        assert_eq!(page.take().unwrap().len(), 4);
    }

    #[test]
    fn an_id_stands_once_in_a_page() {
        let mut page = PageBuilder::default();
        add(&mut page, "7").unwrap();
        assert_eq!(add(&mut page, "7"), Err(Duplicate));
        page.take().unwrap();
        add(&mut page, "7").unwrap();
    }

    #[test]
    fn halves_hold_the_same_records_down_to_single_ones() {
        let mut page = PageBuilder::default();
        for id in ["a", "b", "c"] {
            add(&mut page, id).unwrap();
        }
        let [left, right] = page.take().unwrap().halves().unwrap();
        assert_eq!(body(&left), r#"{"records":[{"id":"a"}]}"#);
        assert_eq!(body(&right), r#"{"records":[{"id":"b"},{"id":"c"}]}"#);
        assert!(left.halves().is_none());
        assert_eq!(right.halves().unwrap().map(|half| half.first().to_owned()), ["b", "c"]);
    }
}
