//! Records on their way into the bytes of a page.

use std::collections::HashSet;

use bridge_core::{MAX_RECORD_BYTES, Record};
use bytes::Bytes;

/// The most records that a page may carry (protocol.md section 4).
pub(crate) const MOST_RECORDS: usize = 100;
/// A page that has grown to this is sent, full or not. The protocol names no limit; gateways have one.
const MOST_BYTES: usize = 1024 * 1024;

/// A page as it goes over the wire.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) body: Bytes,
    pub(crate) records: u64,
}

/// A page that is being filled.
#[derive(Debug, Default)]
pub(crate) struct PageBuilder {
    body: Vec<u8>,
    ids: HashSet<String>,
}

/// The same id stands in the page already.
#[derive(Debug, PartialEq)]
pub(crate) struct Duplicate;

impl PageBuilder {
    pub(crate) fn add(&mut self, record: &Record) -> Result<(), Duplicate> {
        if !self.ids.insert(record.id().to_owned()) {
            return Err(Duplicate);
        }
        self.body.extend_from_slice(if self.ids.len() == 1 { b"{\"records\":[" } else { b"," });
        record.append_json(&mut self.body);
        Ok(())
    }

    pub(crate) fn len(&self) -> u64 {
        self.ids.len() as u64
    }

    pub(crate) fn holds(&self, id: &str) -> bool {
        self.ids.contains(id)
    }

    pub(crate) fn is_full(&self) -> bool {
        self.ids.len() == MOST_RECORDS || self.body.len() + MAX_RECORD_BYTES > MOST_BYTES
    }

    /// The page, unless it is empty: an empty page is not sent.
    pub(crate) fn take(&mut self) -> Option<Page> {
        if self.ids.is_empty() {
            return None;
        }
        let records = self.len();
        self.ids.clear();
        let capacity = self.body.capacity();
        self.body.extend_from_slice(b"]}");
        let body = std::mem::replace(&mut self.body, Vec::with_capacity(capacity));
        Some(Page { body: body.into(), records })
    }
}

#[cfg(test)]
mod tests {
    use bridge_core::{BridgeResource, EdgeSchema, FieldError, RecordWriter, wire::Kind};

    use super::*;

    struct Team(u32, String);

    impl BridgeResource for Team {
        type Static = Team;
        type Id = u32;
        const SLUG: &'static str = "team";
        const NAME: &'static str = "Team";
        const KIND: Kind = Kind::Group;
        const EDGES: &'static [EdgeSchema] = &[];

        fn id(&self) -> u32 {
            self.0
        }

        fn write(&self, record: &mut RecordWriter) -> Result<(), FieldError> {
            record.text("name", &self.1)
        }
    }

    fn record(id: u32, name: &str) -> Record {
        Record::of(&Team(id, name.to_owned())).unwrap()
    }

    #[test]
    fn a_page_is_what_the_protocol_asks_for() {
        let mut page = PageBuilder::default();
        page.add(&record(7, "Änne \"&\" Co")).unwrap();
        page.add(&record(8, "b")).unwrap();
        let page = page.take().unwrap();
        assert_eq!(page.body, r#"{"records":[{"id":"7","name":"Änne \"&\" Co"},{"id":"8","name":"b"}]}"#);
        assert_eq!(page.records, 2);
    }

    #[test]
    fn a_page_is_full_at_a_hundred_records_or_when_it_gets_heavy() {
        let mut page = PageBuilder::default();
        for id in 0..100 {
            assert!(!page.is_full(), "at {id}");
            page.add(&record(id, "a")).unwrap();
        }
        assert!(page.is_full());
        page.take().unwrap();
        assert!(page.take().is_none(), "an empty page is not sent");

        let heavy = "x".repeat(200 * 1024);
        for id in 0..5 {
            if !page.is_full() {
                page.add(&record(id, &heavy)).unwrap();
            }
        }
        assert_eq!(page.take().unwrap().records, 4);
    }

    #[test]
    fn an_id_stands_once_in_a_page() {
        let mut page = PageBuilder::default();
        page.add(&record(7, "a")).unwrap();
        assert_eq!(page.add(&record(7, "b")), Err(Duplicate));
    }
}
