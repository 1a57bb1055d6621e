//! The seam to the network: one request, one answer. A simulation puts a model of the server here.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;
use url::Url;

/// The longest answer that is read, in bytes (8 MiB). A page of 50 tasks needs a hundredth of it.
pub const ANSWER_LIMIT: usize = 8 * 1024 * 1024;

/// Sends one request and reads one answer. It does not retry, follows no redirect, and takes no status for an error.
///
/// The headers are its business: `Authorization`, `Content-Type: application/json`, `User-Agent`. So is the timeout of
/// the request, which covers everything up to the last byte of the answer.
#[async_trait]
pub trait Transport: Send + Sync + 'static {
    /// Sends `request`. Dropping the future gives the request up; it may have had its effect.
    async fn send(&self, request: Request) -> Result<Response, TransportError>;
}

/// The verbs that Bridge uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Method {
    /// Reads.
    Get,
    /// Creates, or starts something.
    Post,
    /// Pushes a page.
    Put,
    /// Changes a part.
    Patch,
}

impl Method {
    /// The verb, in capitals.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
        }
    }
}

impl std::fmt::Display for Method {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

/// One request.
#[derive(Clone)]
#[non_exhaustive]
pub struct Request {
    /// The verb.
    pub method: Method,
    /// The whole address.
    pub url: Url,
    /// JSON, where there is a body.
    pub body: Option<Bytes>,
    /// How long to wait for the end of the answer.
    pub timeout: Duration,
}

impl Request {
    /// Puts the parts together.
    pub fn new(method: Method, url: Url, body: Option<Bytes>, timeout: Duration) -> Self {
        Self { method, url, body, timeout }
    }
}

impl std::fmt::Debug for Request {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Bodies hold records, and a query can hold an address: neither belongs in a log.
        let (path, bytes) = (self.url.path(), self.body.as_ref().map(Bytes::len));
        write!(f, "Request({} {path}, body bytes: {bytes:?}, timeout: {:?})", self.method, self.timeout)
    }
}

/// One answer, read to its end.
#[derive(Clone)]
#[non_exhaustive]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// The header `Content-Type`.
    pub content_type: Option<String>,
    /// The header `Retry-After`, as the time still to wait (see [`retry_after`](super::retry_after())).
    pub retry_after: Option<Duration>,
    /// The header `Date`: what time it is by the server's clock. For people; no engine may compare it with ours.
    pub date: Option<Timestamp>,
    /// The header `Location`. For messages only.
    pub location: Option<String>,
    /// At most [`ANSWER_LIMIT`] bytes.
    pub body: Bytes,
}

impl Response {
    /// An answer without headers.
    pub fn new(status: u16, body: impl Into<Bytes>) -> Self {
        Self { status, content_type: None, retry_after: None, date: None, location: None, body: body.into() }
    }

    /// An answer with a JSON body.
    pub fn json(status: u16, body: impl Into<Bytes>) -> Self {
        Self { content_type: Some("application/json".to_owned()), ..Self::new(status, body) }
    }

    /// Sets the header `Content-Type`.
    #[must_use]
    pub fn content_type(mut self, value: impl Into<String>) -> Self {
        self.content_type = Some(value.into());
        self
    }

    /// Sets the header `Retry-After`.
    #[must_use]
    pub fn retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }

    /// Sets the header `Location`.
    #[must_use]
    pub fn location(mut self, value: impl Into<String>) -> Self {
        self.location = Some(value.into());
        self
    }
}

impl std::fmt::Debug for Response {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status)
            .field("content_type", &self.content_type)
            .field("retry_after", &self.retry_after)
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// No answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
#[non_exhaustive]
pub struct TransportError {
    /// What can be concluded from it.
    pub kind: TransportErrorKind,
    /// What happened, for people. Holds no secret, no address and no body.
    pub message: String,
}

impl TransportError {
    /// Puts the two parts together.
    pub fn new(kind: TransportErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }
}

/// What can be concluded from a missing answer. Closed: every caller has to decide about every case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TransportErrorKind {
    /// The request surely never left: no address for the host, no connection, no TLS. Only for what is certain.
    NotSent,
    /// No complete answer within the timeout. The request may have had its effect.
    TimedOut,
    /// The connection broke, or what came was not HTTP. The request may have had its effect.
    Lost,
    /// The answer is longer than [`ANSWER_LIMIT`]. The request may have had its effect.
    TooLarge,
}
