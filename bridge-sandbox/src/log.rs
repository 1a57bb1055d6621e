use std::collections::VecDeque;
use std::time::Duration;

use axum::http::StatusCode;
use jiff::Timestamp;

use crate::view::{Listing, RequestQuery, RequestSummary, RequestView};

/// Requests kept at most.
const MOST_ENTRIES: usize = 10_000;
/// Body text kept at most, over all requests and answers.
const MOST_BYTES: usize = 64 * 1024 * 1024;
/// Body text kept at most of one request, and of one answer.
const MOST_BYTES_EACH: usize = 256 * 1024;

/// Text kept at most of one path.
const MOST_BYTES_OF_PATH: usize = 2 * 1024;

/// The last requests, oldest first. Headers are not kept, so neither is the API key.
#[derive(Default)]
pub(crate) struct RequestLog {
    entries: VecDeque<RequestView>,
    /// The number of the oldest entry; entries are numbered from the start of the sandbox.
    first: u64,
    bytes: usize,
}

/// What became of a request.
pub(crate) struct Outcome<'a> {
    pub(crate) status: StatusCode,
    pub(crate) body: &'a [u8],
    pub(crate) took: Duration,
}

impl RequestLog {
    /// Notes a request that has arrived, and returns its number.
    pub(crate) fn open(&mut self, at: Timestamp, method: &str, path: &str, body: &[u8]) -> u64 {
        let (text, path) = (beginning(body), &path[..path.floor_char_boundary(MOST_BYTES_OF_PATH)]);
        self.bytes += text.len() + path.len();
        let number = self.first + self.entries.len() as u64;
        self.entries.push_back(RequestView {
            number,
            at,
            method: method.to_owned(),
            path: path.to_owned(),
            status: None,
            body: text,
            body_size: body.len(),
            answer: String::new(),
            answer_size: 0,
            took: None,
            fault: None,
        });
        self.shrink();
        number
    }

    /// Notes the fault that met a request.
    pub(crate) fn note_fault(&mut self, number: u64, fault: String) {
        if let Some(entry) = self.entry(number) {
            entry.fault = Some(fault);
        }
    }

    /// Notes what a request was answered. Its entry may be gone by now.
    pub(crate) fn close(&mut self, number: u64, outcome: &Outcome<'_>) {
        let Some(entry) = self.entry(number) else { return };
        entry.status = Some(outcome.status.as_u16());
        entry.answer = beginning(outcome.body);
        entry.answer_size = outcome.body.len();
        entry.took = Some(outcome.took);
        self.bytes += entry.answer.len();
        self.shrink();
    }

    fn entry(&mut self, number: u64) -> Option<&mut RequestView> {
        let index = usize::try_from(number.checked_sub(self.first)?).ok()?;
        self.entries.get_mut(index)
    }

    fn shrink(&mut self) {
        while self.entries.len() > MOST_ENTRIES || self.bytes > MOST_BYTES {
            let Some(oldest) = self.entries.pop_front() else { break };
            self.bytes -= oldest.path.len() + oldest.body.len() + oldest.answer.len();
            self.first += 1;
        }
    }

    pub(crate) fn list(&self) -> Vec<RequestView> {
        self.entries.iter().cloned().collect()
    }

    pub(crate) fn get(&self, number: u64) -> Option<RequestView> {
        let index = usize::try_from(number.checked_sub(self.first)?).ok()?;
        self.entries.get(index).cloned()
    }

    /// One page of those that fit, newest first.
    pub(crate) fn find(&self, query: &RequestQuery) -> Listing<RequestSummary> {
        let fits_status = |status: Option<u16>| match query.status.as_str() {
            "" => true,
            "none" => status.is_none(),
            start => status.is_some_and(|status| status.to_string().starts_with(start)),
        };
        let fitting = self.entries.iter().rev().filter(|entry| {
            (query.method.is_empty() || entry.method.eq_ignore_ascii_case(&query.method))
                && entry.path.contains(&query.path)
                && fits_status(entry.status)
        });
        Listing::of(fitting, query.offset, query.limit, |entry| RequestSummary {
            number: entry.number,
            at: entry.at,
            method: entry.method.clone(),
            path: entry.path.clone(),
            status: entry.status,
            body_size: entry.body_size,
            answer_size: entry.answer_size,
            took: entry.took,
            fault: entry.fault.clone(),
        })
    }

    pub(crate) fn clear(&mut self) {
        self.first += self.entries.len() as u64;
        self.entries.clear();
        self.bytes = 0;
    }
}

fn beginning(body: &[u8]) -> String {
    String::from_utf8_lossy(&body[..body.len().min(MOST_BYTES_EACH)]).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(log: &mut RequestLog, body: &[u8]) -> u64 {
        log.open(Timestamp::UNIX_EPOCH, "GET", "/", body)
    }

    fn close(log: &mut RequestLog, number: u64, status: StatusCode) {
        log.close(number, &Outcome { status, body: b"{}", took: Duration::ZERO });
    }

    #[test]
    fn the_oldest_requests_are_forgotten_and_late_answers_to_them_are_harmless() {
        let mut log = RequestLog::default();
        let first = open(&mut log, b"");
        for _ in 0..MOST_ENTRIES {
            open(&mut log, b"");
        }
        let last = open(&mut log, b"");
        close(&mut log, first, StatusCode::OK);
        close(&mut log, last, StatusCode::ACCEPTED);

        let list = log.list();
        assert_eq!(list.len(), MOST_ENTRIES);
        assert!(list[..list.len() - 1].iter().all(|request| request.status.is_none()));
        assert_eq!(list[list.len() - 1].status, Some(202));
        log.clear();
        close(&mut log, last, StatusCode::OK);
        assert!(log.list().is_empty());
    }

    #[test]
    fn the_log_keeps_the_beginning_of_a_long_path() {
        let mut log = RequestLog::default();
        let number = log.open(Timestamp::UNIX_EPOCH, "GET", &format!("/org/{}", "a".repeat(60_000)), b"");
        let path = log.get(number).map(|entry| entry.path).unwrap_or_default();
        assert!(path.starts_with("/org/aaa") && path.len() == MOST_BYTES_OF_PATH, "{}", path.len());
        assert_eq!(log.bytes, path.len(), "paths count, too");
    }

    #[test]
    fn bodies_are_bounded_in_all() {
        let mut log = RequestLog::default();
        for _ in 0..300 {
            open(&mut log, &vec![b'a'; MOST_BYTES_EACH + 1]);
        }
        // Each with a path of one byte.
        let most = MOST_BYTES / (MOST_BYTES_EACH + 1);
        assert_eq!(log.list().len(), most);
        let last = log.list().len() as u64 + log.first - 1;
        let body = vec![b'a'; MOST_BYTES_EACH];
        log.close(last, &Outcome { status: StatusCode::OK, body: &body, took: Duration::ZERO });
        assert_eq!(log.list().len(), most - 1, "answers count, too");
    }

    #[test]
    fn a_search_counts_all_and_shows_a_page_newest_first() {
        let mut log = RequestLog::default();
        for (path, status) in [("/a/", 200), ("/b/", 404), ("/a/", 422), ("/a/", 404)] {
            let number = log.open(Timestamp::UNIX_EPOCH, "GET", path, b"");
            close(&mut log, number, StatusCode::from_u16(status).expect("a status"));
        }
        open(&mut log, b"");
        let find = |query| {
            let listing = log.find(&query);
            (listing.total, listing.items.iter().map(|item| item.number).collect::<Vec<_>>())
        };
        let page = RequestQuery { limit: 2, ..RequestQuery::default() };
        assert_eq!(find(page.clone()), (5, vec![4, 3]));
        assert_eq!(find(RequestQuery { offset: 3, ..page.clone() }), (5, vec![1, 0]));
        assert_eq!(find(RequestQuery { path: "/a".into(), status: "4".into(), ..page.clone() }), (2, vec![3, 2]));
        assert_eq!(find(RequestQuery { status: "none".into(), ..page.clone() }), (1, vec![4]));
        assert_eq!(find(RequestQuery { method: "put".into(), ..page }), (0, vec![]));
        assert_eq!(log.get(2).and_then(|entry| entry.status), Some(422));
    }
}
