//! Bridge over HTTP: one typed method for every call of the protocol.
//!
//! ```
//! use bridge_runtime::client::{ApiKey, BaseUrl, Client};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let base: BaseUrl = "http://127.0.0.1:8080/org/acme".parse()?;
//! let client = Client::builder(base, ApiKey::new("k-123")?).build()?;
//! assert_eq!(client.base_url().tenant(), "acme");
//! # Ok(())
//! # }
//! ```
//!
//! # What it promises
//! - Credentials go to the base URL's host and nowhere else: redirects are not followed, and an address that a server
//!   sends (`next`) is never called.
//! - What is not clearly a success is never one. A 2xx whose body cannot be read, an HTML page, a redirect: all are
//!   errors with an unknown outcome ([`ClientError::outcome_unknown`]).
//! - One layer of retries, for calls that may be repeated (`retry.rs` has the table), and one budget for the retries of
//!   all calls, so that a server in trouble does not get many times its usual load. All time goes through
//!   [`Clock`](crate::clock::Clock), all chance through [`Random`](crate::random::Random).
//! - Neither the key nor a payload stands in a log line, an error or a `Debug` output. A server's `detail` does stand in
//!   errors: it is the server's text, shortened and escaped.
//!
//! | file | holds |
//! |---|---|
//! | `api.rs`, `query.rs` | the methods, one per call, and which part of a list they read |
//! | `exchange.rs`, `pause.rs` | one call: attempts, pauses, deadline |
//! | `retry.rs`, `retry_after.rs` | which outcome of which call is repeated, and after how long |
//! | `budget.rs` | how many retries all calls may make together |
//! | `answer.rs` | from an answer to a value or an error |
//! | `error.rs`, `kind.rs`, `hint.rs` | errors, and what to do about them |
//! | `transport.rs`, `http.rs`, `tls.rs` | the seam to the network, and reqwest behind it |
//! | `watch.rs` | what calls tell of themselves |
//! | `api_key.rs`, `authorization.rs` | the key, and taking up a new one from its file |
//! | `redaction.rs` | hides the key in what a server sends back |

mod answer;
mod api;
mod api_key;
mod authorization;
mod base_url;
mod budget;
mod builder;
mod call;
mod error;
mod exchange;
mod hint;
mod http;
mod kind;
mod pause;
mod query;
mod redaction;
mod retry;
mod retry_after;
#[cfg(test)]
mod testing;
mod tls;
mod transport;
mod watch;

pub use api::Client;
pub use api_key::{ApiKey, ApiKeyError};
pub use base_url::{BaseUrl, BaseUrlError};
pub use builder::{ClientBuildError, ClientBuilder, Timeouts};
pub use call::Call;
pub use error::{ClientError, Destination};
pub use http::{HttpOptions, HttpTransport};
pub use kind::ErrorKind;
pub(crate) use pause::Pause;
pub use query::{AccountQuery, TaskQuery};
pub use retry_after::retry_after;
pub use transport::{ANSWER_LIMIT, Method, Request, Response, Transport, TransportError, TransportErrorKind};
