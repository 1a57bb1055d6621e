use std::time::Duration;

use jiff::Timestamp;

/// A request that the sandbox received, and what it answered. The API key is not kept.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RequestView {
    /// Requests are numbered from the start of the sandbox.
    pub number: u64,
    /// When it arrived, by the sandbox's clock.
    pub at: Timestamp,
    /// For example `PUT`.
    pub method: String,
    /// The path with its query.
    pub path: String,
    /// The status answered. `None` while the request is under way, and for good where a fault swallowed the answer.
    pub status: Option<u16>,
    /// The body as text, its first 256 KiB.
    pub body: String,
    /// The size of the whole body in bytes; 0 for a body over the limit, which is not kept.
    pub body_size: usize,
    /// The answer's body as text, its first 256 KiB. Whole also where a fault cut it on its way.
    pub answer: String,
    /// The size of the whole body of the answer in bytes.
    pub answer_size: usize,
    /// How long it took until the answer was there. `None` while it is under way, and where a fault swallowed the answer.
    pub took: Option<Duration>,
    /// The fault that met it, in words.
    pub fault: Option<String>,
}

/// A request without its bodies, for lists.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RequestSummary {
    /// As in [`RequestView::number`].
    pub number: u64,
    /// When it arrived, by the sandbox's clock.
    pub at: Timestamp,
    /// For example `PUT`.
    pub method: String,
    /// The path with its query.
    pub path: String,
    /// As in [`RequestView::status`].
    pub status: Option<u16>,
    /// The size of the body in bytes.
    pub body_size: usize,
    /// The size of the answer's body in bytes.
    pub answer_size: usize,
    /// As in [`RequestView::took`].
    pub took: Option<Duration>,
    /// The fault that met it, in words.
    pub fault: Option<String>,
}

/// Which requests are looked for, and which page of them, newest first. See
/// [`Sandbox::find_requests`](crate::Sandbox::find_requests).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RequestQuery {
    /// Only this method. Empty: any.
    pub method: String,
    /// Only where the path with its query contains this. Empty: any.
    pub path: String,
    /// Only statuses whose number begins with this, for example `4` or `404`; `none` for requests without an answer.
    /// Empty: any.
    pub status: String,
    /// How many to leave out before the page.
    pub offset: usize,
    /// How many the page may hold. The default is 0: only the total is wanted.
    pub limit: usize,
}
