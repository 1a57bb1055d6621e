mod form;
mod pattern;
mod rules;

use std::fmt;
use std::time::Duration;

use axum::http::{HeaderName, HeaderValue, StatusCode};
use serde_json::json;

pub use form::{FaultError, FaultForm};
use pattern::PathPattern;
pub use rules::FaultView;
pub(crate) use rules::Faults;

/// A rule that makes the sandbox misbehave for some requests.
///
/// A rule says which requests it is about, how many of those it lets pass first and how many it then spoils, and what it does to
/// each. Where several rules fit, the one that was added first wins; a rule that is not yet or no longer in force is skipped.
/// Faults come before everything else, the check of the API key included.
///
/// ```
/// use std::time::Duration;
/// use bridge_sandbox::Fault;
///
/// // The second and third page are refused, with a hint when to come back.
/// Fault::on("PUT", "/sync/").after(1).times(2).answer(429, "slow down").header("Retry-After", "1");
/// // The first session is opened, but the client never learns of it.
/// Fault::ending("POST", "/sync/").times(1).lose_answer();
/// // Every request takes a second longer.
/// Fault::on("*", "/").delay(Duration::from_secs(1));
/// ```
#[derive(Clone, Debug)]
#[must_use = "a fault does nothing until it is given to `Sandbox::fault`"]
pub struct Fault {
    method: String,
    path: PathPattern,
    holding: Option<String>,
    after: usize,
    times: usize,
    /// From 0 to 1.
    probability: f64,
    pub(crate) delay: Duration,
    pub(crate) hold: Duration,
    pub(crate) acts: bool,
    pub(crate) ending: Ending,
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
}

/// What leaves in the end.
#[derive(Clone, Debug)]
pub(crate) enum Ending {
    /// The real answer.
    Genuine,
    /// This answer instead.
    Answer { status: StatusCode, content_type: HeaderValue, body: String },
    /// The real head, and the first half of the real body.
    Truncated,
    /// Nothing: the connection is closed.
    Nothing,
    /// Nothing: the connection is reset.
    Reset,
}

impl Fault {
    /// Requests with this method (`*` for any) whose path with query contains `path_part`. In it `*` stands for anything
    /// between two slashes, as in `/apps/*/tasks/`.
    pub fn on(method: &str, path_part: &str) -> Self {
        Self::new(method, PathPattern::Part(path_part.to_owned()))
    }

    /// Requests with this method (`*` for any) whose path, without the query, ends with `path_end`. In it `*` stands for
    /// anything between two slashes, as in `/tasks/*/status/`.
    pub fn ending(method: &str, path_end: &str) -> Self {
        Self::new(method, PathPattern::End(path_end.to_owned()))
    }

    fn new(method: &str, path: PathPattern) -> Self {
        Self {
            method: method.to_owned(),
            path,
            holding: None,
            after: 0,
            times: usize::MAX,
            probability: 1.0,
            delay: Duration::ZERO,
            hold: Duration::ZERO,
            acts: true,
            ending: Ending::Genuine,
            headers: Vec::new(),
        }
    }

    /// Only requests whose body contains this text: a page with one certain record, say.
    pub fn holding(mut self, body_part: &str) -> Self {
        self.holding = Some(body_part.to_owned());
        self
    }

    /// Lets the first `requests` that fit pass. Default: none.
    pub fn after(mut self, requests: usize) -> Self {
        self.after = requests;
        self
    }

    /// Spoils this many requests, then no more. Default: all.
    pub fn times(mut self, requests: usize) -> Self {
        self.times = requests;
        self
    }

    /// Spoils each request that fits with this probability only, from 0 to 1. Default: 1. The sandbox's seed
    /// ([`SandboxBuilder::fault_seed`](crate::SandboxBuilder::fault_seed)) decides which ones: the same seed, the same ones.
    ///
    /// # Panics
    /// Where `probability` is not within 0 to 1.
    pub fn probability(mut self, probability: f64) -> Self {
        assert!((0.0..=1.0).contains(&probability), "{probability} is no probability: it must be within 0 to 1");
        self.probability = probability;
        self
    }

    /// Waits before anything else is done.
    pub fn delay(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Acts, where nothing else says otherwise, and holds the answer back for so long: the client waits for what is done.
    pub fn hold_answer(mut self, hold: Duration) -> Self {
        self.hold = hold;
        self
    }

    /// Does not act, and answers `status` with `{"detail": detail}`.
    ///
    /// # Panics
    /// Where `status` is not within 200..=999.
    pub fn answer(self, status: u16, detail: &str) -> Self {
        self.answer_raw(status, "application/json", &json!({ "detail": detail }).to_string())
    }

    /// Does not act, and answers `status` with this body, for example the page of a gateway.
    ///
    /// # Panics
    /// Where `status` is not within 200..=999, or `content_type` cannot stand in a header.
    pub fn answer_raw(mut self, status: u16, content_type: &str, body: &str) -> Self {
        self.acts = false;
        self.ending = Ending::Answer {
            status: final_status(status),
            content_type: header_value(content_type),
            body: body.to_owned(),
        };
        self
    }

    /// Does not act, and answers `status` (301, 302, 303, 307, 308) with this `Location`.
    ///
    /// # Panics
    /// Where `status` is not within 200..=999, or `location` cannot stand in a header.
    pub fn redirect(self, status: u16, location: &str) -> Self {
        self.answer_raw(status, "text/plain", "").header("Location", location)
    }

    /// Acts as if nothing were wrong, then answers as told by [`answer`](Self::answer) or [`answer_raw`](Self::answer_raw),
    /// which stand before: a gateway that gives up while the work is done behind it.
    pub fn but_act(mut self) -> Self {
        self.acts = true;
        self
    }

    /// Does not act, and closes the connection without a byte of an answer.
    pub fn drop_connection(mut self) -> Self {
        self.acts = false;
        self.ending = Ending::Nothing;
        self
    }

    /// Does not act, and resets the connection: the client sees "connection reset by peer".
    pub fn reset_connection(mut self) -> Self {
        self.acts = false;
        self.ending = Ending::Reset;
        self
    }

    /// Acts, then closes the connection without a byte of an answer.
    pub fn lose_answer(mut self) -> Self {
        self.acts = true;
        self.ending = Ending::Nothing;
        self
    }

    /// Acts, sends the answer's head and half of its body, and closes the connection. An answer without a body stays whole.
    pub fn truncate_answer(mut self) -> Self {
        self.acts = true;
        self.ending = Ending::Truncated;
        self
    }

    /// Acts, and answers 200 with a body that claims to be JSON and is not.
    pub fn garble_answer(self) -> Self {
        self.answer_raw(200, "application/json", "<html><body>It works!</body></html>").but_act()
    }

    /// Adds a header to the answer, whichever it is; one that is there is replaced.
    ///
    /// # Panics
    /// Where the name or the value cannot stand in a header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        let name = name.parse().unwrap_or_else(|_| panic!("`{name}` is not a header name"));
        self.headers.push((name, header_value(value)));
        self
    }

    /// Adds a `Retry-After` of so many seconds to the answer; a part of a second counts as a whole one.
    pub fn retry_after(self, time: Duration) -> Self {
        let seconds = time.as_secs() + u64::from(time.subsec_nanos() > 0);
        self.header("Retry-After", &seconds.to_string())
    }

    fn fits(&self, method: &str, path: &str, body: &[u8]) -> bool {
        let holds = |part: &String| part.is_empty() || body.windows(part.len()).any(|found| found == part.as_bytes());
        self.path.fits(path)
            && (self.method == "*" || self.method.eq_ignore_ascii_case(method))
            && self.holding.as_ref().is_none_or(holds)
    }
}

fn final_status(status: u16) -> StatusCode {
    let parsed = StatusCode::from_u16(status).ok().filter(|status| !status.is_informational());
    parsed.unwrap_or_else(|| panic!("{status} is not the status of an HTTP answer"))
}

fn header_value(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or_else(|_| panic!("`{text}` cannot stand in a header"))
}

impl fmt::Display for Fault {
    /// In words, without the texts of bodies.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let method = if self.method == "*" { "any method" } else { &self.method };
        write!(f, "{method} on paths {}", self.path)?;
        if let Some(part) = &self.holding {
            write!(f, " and `{part}` in the body")?;
        }
        if self.probability < 1.0 {
            write!(f, ", {} % of them", self.probability * 100.0)?;
        }
        f.write_str(": ")?;
        if !self.delay.is_zero() {
            write!(f, "wait {:?}, then ", self.delay)?;
        }
        f.write_str(if self.acts { "act" } else { "do nothing" })?;
        if !self.hold.is_zero() {
            write!(f, ", wait {:?}", self.hold)?;
        }
        match &self.ending {
            Ending::Genuine => f.write_str(", answer as usual")?,
            Ending::Answer { status, .. } => write!(f, ", answer {}", status.as_u16())?,
            Ending::Truncated => f.write_str(", answer with half of the body and close the connection")?,
            Ending::Nothing => f.write_str(", close the connection without an answer")?,
            Ending::Reset => f.write_str(", reset the connection")?,
        }
        for (name, value) in &self.headers {
            write!(f, ", {name}: {}", String::from_utf8_lossy(value.as_bytes()))?;
        }
        Ok(())
    }
}
