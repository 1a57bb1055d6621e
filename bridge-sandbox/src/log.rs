use std::collections::VecDeque;

use axum::http::StatusCode;
use jiff::Timestamp;

use crate::view::RequestView;

/// Requests kept at most.
const MOST_ENTRIES: usize = 10_000;
/// Body text kept at most, over all requests.
const MOST_BYTES: usize = 64 * 1024 * 1024;
/// Body text kept at most of one request.
const MOST_BYTES_EACH: usize = 256 * 1024;

/// The last requests, oldest first. Headers are not kept, so neither is the API key.
#[derive(Default)]
pub(crate) struct RequestLog {
    entries: VecDeque<RequestView>,
    /// The number of the oldest entry; entries are numbered from the start of the sandbox.
    first: u64,
    bytes: usize,
}

impl RequestLog {
    /// Notes a request that has arrived, and returns its number.
    pub(crate) fn open(&mut self, at: Timestamp, method: &str, path: &str, body: &[u8]) -> u64 {
        let text = String::from_utf8_lossy(&body[..body.len().min(MOST_BYTES_EACH)]).into_owned();
        self.bytes += text.len();
        self.entries.push_back(RequestView {
            at,
            method: method.to_owned(),
            path: path.to_owned(),
            status: None,
            body: text,
            body_size: body.len(),
        });
        while self.entries.len() > MOST_ENTRIES || self.bytes > MOST_BYTES {
            let Some(oldest) = self.entries.pop_front() else { break };
            self.bytes -= oldest.body.len();
            self.first += 1;
        }
        self.first + self.entries.len() as u64 - 1
    }

    /// Notes what a request was answered. Its entry may be gone by now.
    pub(crate) fn close(&mut self, number: u64, status: StatusCode) {
        let index = number.checked_sub(self.first).and_then(|index| usize::try_from(index).ok());
        if let Some(entry) = index.and_then(|index| self.entries.get_mut(index)) {
            entry.status = Some(status.as_u16());
        }
    }

    pub(crate) fn list(&self) -> Vec<RequestView> {
        self.entries.iter().cloned().collect()
    }

    pub(crate) fn clear(&mut self) {
        self.first += self.entries.len() as u64;
        self.entries.clear();
        self.bytes = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(log: &mut RequestLog, body: &[u8]) -> u64 {
        log.open(Timestamp::UNIX_EPOCH, "GET", "/", body)
    }

    #[test]
    fn the_oldest_requests_are_forgotten_and_late_answers_to_them_are_harmless() {
        let mut log = RequestLog::default();
        let first = open(&mut log, b"");
        for _ in 0..MOST_ENTRIES {
            open(&mut log, b"");
        }
        let last = open(&mut log, b"");
        log.close(first, StatusCode::OK);
        log.close(last, StatusCode::ACCEPTED);

        let list = log.list();
        assert_eq!(list.len(), MOST_ENTRIES);
        assert!(list[..list.len() - 1].iter().all(|request| request.status.is_none()));
        assert_eq!(list[list.len() - 1].status, Some(202));
        log.clear();
        log.close(last, StatusCode::OK);
        assert!(log.list().is_empty());
    }

    #[test]
    fn bodies_are_bounded_in_all() {
        let mut log = RequestLog::default();
        for _ in 0..300 {
            open(&mut log, &vec![b'a'; MOST_BYTES_EACH + 1]);
        }
        assert_eq!(log.list().len(), MOST_BYTES / MOST_BYTES_EACH);
    }
}
