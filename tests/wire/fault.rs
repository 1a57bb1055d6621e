//! What can happen to a request or its answer on the wire.

use std::time::Duration;

/// Where an answer is cut.
#[derive(Clone, Copy, Debug)]
pub enum Place {
    /// After so many bytes.
    Byte(usize),
    /// In the middle of the head, at its end, so many bytes behind it.
    MiddleOfHead,
    BehindHead(usize),
    /// Before the last byte.
    LastByte,
}

/// How a connection ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum End {
    /// As if all were well.
    Close,
    Reset,
}

#[derive(Clone, Copy, Debug)]
pub enum Fault {
    /// The server gets so many bytes of the request, and the connection is reset.
    CutRequest(usize),
    /// The server gets the whole request; of its answer the client gets this much.
    CutAnswer(Place, End),
    /// The answer comes so many bytes at a time, with this pause between two.
    Drip(usize, Duration),
    /// The answer comes, and its last byte after this time.
    LastByteAfter(Duration),
    /// The server acts, and nothing comes any more.
    Silence,
    /// The client gets this instead of the answer; the server has acted. The connection stays open, or is closed.
    Rewrite(fn(&Answer) -> Vec<u8>, bool),
    /// The answer as it is; then the connection is closed, without having said so.
    CloseAfter,
    /// The answer as it is; then the proxy sends no more, and still reads.
    HalfClose,
    /// The client gets this before it has sent its body, and the server nothing.
    Early(&'static str),
}

/// An answer of the sandbox.
pub struct Answer {
    pub head: String,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn bytes(&self) -> Vec<u8> {
        [self.head.as_bytes(), &self.body].concat()
    }

    /// The lines of the head, but for those that say how long the body is.
    pub fn head_without_length(&self) -> String {
        let lines = self.head.trim_end().lines().filter(|line| !line.starts_with("content-length"));
        lines.map(|line| format!("{line}\r\n")).collect()
    }

    /// The same answer with another head or body.
    pub fn with(&self, headers: &str, body: &[u8]) -> Vec<u8> {
        [format!("{}{headers}\r\n", self.head_without_length()).as_bytes(), body].concat()
    }
}

impl Place {
    pub fn of(self, answer: &Answer) -> usize {
        let (head, all) = (answer.head.len(), answer.head.len() + answer.body.len());
        match self {
            Place::Byte(at) => at.min(all),
            Place::MiddleOfHead => head / 2,
            Place::BehindHead(at) => (head + at).min(all - 1),
            Place::LastByte => all - 1,
        }
    }
}
