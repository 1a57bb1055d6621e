//! Real HTTP to the sandbox, with some answers replaced on the way back.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, Ordering},
};

use iden_bridge::client::{ApiKey, HttpOptions, HttpTransport, Request, Response, Transport, TransportError};

use crate::{company::Stage, corpus::expand};

/// What a case does to which answers.
#[derive(serde::Deserialize, Clone, Debug)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// The method, and what the path ends with.
    on: String,
    /// How many of those requests pass before, and how many are answered so.
    #[serde(default)]
    after: usize,
    #[serde(default = "always")]
    times: usize,
    /// Whether the server gets the request all the same.
    #[serde(default)]
    acts: bool,
    status: u16,
    #[serde(default = "json")]
    content_type: String,
    #[serde(default)]
    body: String,
}

fn always() -> usize {
    usize::MAX
}

fn json() -> String {
    "application/json".into()
}

impl Rule {
    fn fits(&self, request: &Request) -> bool {
        let (method, end) = self.on.split_once(' ').unwrap();
        // A session's own path ends with its id.
        let path = request.url.path();
        let ends = match end {
            "/sync/{id}/" => path.split('/').rev().nth(2) == Some("sync"),
            end => path.ends_with(end),
        };
        request.method.as_str() == method && ends
    }
}

pub struct Meddler {
    wire: HttpTransport,
    rule: Mutex<Option<Rule>>,
    given: AtomicBool,
}

impl Meddler {
    pub fn before(stage: &Stage) -> Arc<Self> {
        let (base, key) = (stage.sandbox.base_url().parse().unwrap(), ApiKey::new(stage.sandbox.api_key()).unwrap());
        let wire = HttpTransport::new(&base, &key, &HttpOptions::default()).unwrap();
        Arc::new(Meddler { wire, rule: Mutex::default(), given: AtomicBool::default() })
    }

    pub fn begin(&self, rule: Rule) {
        *self.rule.lock().unwrap() = Some(rule);
    }

    /// Whether it was of use: an answer that was never given proves nothing.
    pub fn end(&self) -> bool {
        *self.rule.lock().unwrap() = None;
        self.given.swap(false, Ordering::SeqCst)
    }

    /// The rule, if this request is one that it is about.
    fn pick(&self, request: &Request) -> Option<Rule> {
        let mut rule = self.rule.lock().unwrap();
        let rule = rule.as_mut().filter(|rule| rule.fits(request))?;
        if rule.after > 0 {
            rule.after -= 1;
            return None;
        }
        rule.times = rule.times.checked_sub(1)?;
        self.given.store(true, Ordering::SeqCst);
        Some(rule.clone())
    }
}

#[async_trait::async_trait]
impl Transport for Meddler {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        let Some(rule) = self.pick(&request) else { return self.wire.send(request).await };
        // The last id in the path: of the session, or of the task.
        let id = request.url.path().split('/').rev().find(|part| part.len() == 36).unwrap_or_default().to_owned();
        if rule.acts {
            self.wire.send(request).await?;
        }
        let body = expand(&rule.body, &[("id", &id)]);
        Ok(Response::new(rule.status, body).content_type(rule.content_type))
    }
}
