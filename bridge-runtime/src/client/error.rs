//! A call that failed.

use std::fmt;
use std::time::Duration;

use bridge_core::wire::ErrorBody;

use super::{ANSWER_LIMIT, Call, ErrorKind, Method};

/// A call that failed, after all its attempts.
///
/// `Display` is one line for people: the call, where it went, what was expected and what came. It holds no key, no query
/// and no payload of ours; it does hold the server's `detail`, shortened and escaped. What to do about it is in
/// [`hint`](Self::hint).
///
/// ```
/// # use std::sync::Arc;
/// # use bridge_runtime::client::*;
/// # struct Refuses;
/// # #[async_trait::async_trait]
/// # impl Transport for Refuses {
/// #     async fn send(&self, _: Request) -> Result<Response, TransportError> {
/// #         Ok(Response::json(401, r#"{"detail": "Invalid API key."}"#))
/// #     }
/// # }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let builder = Client::builder(BaseUrl::for_tenant("acme")?, ApiKey::new("k")?);
/// # let client = builder.transport(Arc::new(Refuses)).build()?;
/// let Err(error) = client.lighthouse_apps(50, 0).await else { panic!() };
/// assert!(error.is_unauthorized() && !error.outcome_unknown());
/// assert_eq!(
///     error.to_string(),
///     "could not list the apps in Lighthouse (GET /org/acme/api/apps/): the server answered 401: Invalid API key."
/// );
/// assert!(error.hint().is_some_and(|hint| hint.contains("BRIDGE_API_KEY")));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct ClientError(Box<Inner>);

#[derive(Clone)]
struct Inner {
    call: Call,
    target: Destination,
    kind: ErrorKind,
    attempts: u32,
    earlier_unknown: bool,
}

/// Where a call went.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Destination {
    /// The verb.
    pub method: Method,
    /// The host, with the port where one is given.
    pub host: String,
    /// The path without the query, which can hold an e-mail address.
    pub path: String,
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}

impl ClientError {
    pub(super) fn new(call: Call, target: Destination, kind: ErrorKind, attempts: u32, earlier_unknown: bool) -> Self {
        Self(Box::new(Inner { call, target, kind, attempts, earlier_unknown }))
    }

    /// Which call it was.
    pub fn call(&self) -> Call {
        self.0.call
    }

    /// Where it went.
    pub fn target(&self) -> &Destination {
        &self.0.target
    }

    /// What went wrong at the last attempt.
    pub fn kind(&self) -> &ErrorKind {
        &self.0.kind
    }

    /// How many requests were tried. 0 where none was.
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// The status of the last answer, where there was one.
    pub fn status(&self) -> Option<u16> {
        match self.0.kind {
            ErrorKind::Refused { status, .. }
            | ErrorKind::Unreadable { status, .. }
            | ErrorKind::Redirected { status, .. } => Some(status),
            _ => None,
        }
    }

    /// What the server says, in one line, at most 512 characters; empty where it says nothing.
    pub fn detail(&self) -> &str {
        self.refusal().map_or("", ErrorBody::detail)
    }

    /// The body of the refusal as it came, bounded ([`ErrorBody::RAW_LIMIT`]). It may repeat what was sent: not for logs.
    pub fn body(&self) -> Option<&str> {
        self.refusal().map(ErrorBody::raw)
    }

    fn refusal(&self) -> Option<&ErrorBody> {
        if let ErrorKind::Refused { body, .. } = &self.0.kind { Some(body) } else { None }
    }

    /// For how long the server asks not to be called.
    pub fn retry_after(&self) -> Option<Duration> {
        match self.0.kind {
            ErrorKind::Refused { retry_after, .. } => retry_after,
            ErrorKind::Paused { wait } => Some(wait),
            _ => None,
        }
    }

    /// 409: the slug is taken, or the task is already terminal.
    pub fn is_conflict(&self) -> bool {
        self.status() == Some(409)
    }

    /// 404: the app, the type, the session or the task is not there.
    pub fn is_not_found(&self) -> bool {
        self.status() == Some(404)
    }

    /// Whether Bridge itself says that this does not exist. It does so in JSON, with or without a detail. Gateways send pages
    /// and empty bodies when they lose their routes for a moment, so neither proves anything.
    pub(crate) fn says_absent(&self) -> bool {
        self.is_not_found() && self.refusal().is_some_and(ErrorBody::is_json)
    }

    /// 401 or 403. Either can mean that the key is wrong, expired or revoked; 403 also that it has no access to the app.
    pub fn is_unauthorized(&self) -> bool {
        matches!(self.status(), Some(401 | 403))
    }

    /// 429, or a pause that the server asked for before.
    pub fn is_rate_limited(&self) -> bool {
        self.status() == Some(429) || matches!(self.0.kind, ErrorKind::Paused { .. })
    }

    /// Whether any attempt may have had its effect, although no success was seen (protocol.md section 7).
    ///
    /// Also true where the last attempt was refused or never left, but an earlier one was lost: a 409 to a report then
    /// means that the first report may have arrived.
    pub fn outcome_unknown(&self) -> bool {
        self.0.earlier_unknown || self.0.kind.outcome_unknown()
    }

    /// What a person can do about it, if there is anything.
    pub fn hint(&self) -> Option<&'static str> {
        super::hint::hint(self.0.call, &self.0.kind)
    }
}

impl std::error::Error for ClientError {}

impl fmt::Debug for ClientError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { call, target, kind, attempts, earlier_unknown } = &*self.0;
        f.debug_struct("ClientError")
            .field("call", call)
            .field("target", target)
            .field("kind", kind)
            .field("attempts", attempts)
            .field("earlier_unknown", earlier_unknown)
            .finish()
    }
}

impl fmt::Display for ClientError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { call, target, kind, attempts, .. } = &*self.0;
        write!(f, "could not {call} ({target}): ")?;
        match kind {
            ErrorKind::Invalid { why } => write!(f, "{why}; nothing was sent")?,
            ErrorKind::Paused { wait } if wait.is_zero() => f.write_str("no time was left for it; nothing was sent")?,
            ErrorKind::Paused { wait } => {
                write!(f, "the server asked not to be called for another {} s; nothing was sent", seconds(*wait))?;
            }
            ErrorKind::Unreachable { why } => {
                write!(f, "{} could not be reached, and nothing was sent: {why}", target.host)?;
            }
            ErrorKind::TimedOut { after } => {
                write!(f, "no complete answer from {} within {} s", target.host, seconds(*after))?;
            }
            ErrorKind::Lost { why } => {
                write!(f, "the connection to {} broke before the answer was complete: {why}", target.host)?;
            }
            ErrorKind::Refused { status, body, .. } => {
                write!(f, "the server answered {status}")?;
                match body.detail() {
                    "" if body.is_json() || body.raw().is_empty() => f.write_str(" without a detail")?,
                    "" => f.write_str(", and not in JSON, so something else than Bridge may have answered")?,
                    detail => write!(f, ": {detail}")?,
                }
            }
            ErrorKind::Unreadable { status, came } => {
                write!(f, "expected {}, but {status} came with {came}", call.expects())?;
            }
            ErrorKind::Redirected { status, location } => {
                write!(f, "expected {}, but {status} came, a redirect", call.expects())?;
                if let Some(location) = location {
                    write!(f, " to {location}")?;
                }
                f.write_str(", which is never followed")?;
            }
            ErrorKind::TooLarge => write!(f, "the answer is larger than {} MiB", ANSWER_LIMIT >> 20)?,
        }
        if *attempts > 1 {
            write!(f, " (after {attempts} attempts)")?;
        }
        Ok(())
    }
}

/// Rounded up, so that a short time does not read as none.
fn seconds(time: Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}
