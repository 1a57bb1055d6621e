//! A scripted server, a clock that never waits, and even chances: for the unit tests of this module.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;

use super::{ApiKey, BaseUrl, Client, ClientBuilder, Request, Response, Transport, TransportError};
use crate::clock::Clock;
use crate::random::Random;

pub(super) type Answer = Result<Response, TransportError>;

/// Always the middle.
pub(super) struct Half;

impl Random for Half {
    fn unit(&self) -> f64 {
        0.5
    }
}

/// Gives the scripted answers, then panics. Also the clock: it jumps instead of waiting, and remembers.
#[derive(Default)]
pub(super) struct Script {
    pub(super) answers: Mutex<VecDeque<Answer>>,
    pub(super) seen: Mutex<Vec<Request>>,
    pub(super) sleeps: Mutex<Vec<Duration>>,
    /// How long each request takes.
    pub(super) delay: Duration,
    pub(super) now: Mutex<Duration>,
}

impl Script {
    pub(super) fn new(answers: impl IntoIterator<Item = Answer>) -> Self {
        Self { answers: Mutex::new(answers.into_iter().collect()), ..Self::default() }
    }

    pub(super) fn client(self) -> (Client, Arc<Self>) {
        self.client_with(|client| client)
    }

    pub(super) fn client_with(self, set: impl FnOnce(ClientBuilder) -> ClientBuilder) -> (Client, Arc<Self>) {
        let script = Arc::new(self);
        let base = BaseUrl::for_tenant("acme").unwrap();
        let client = Client::builder(base, ApiKey::new("k").unwrap())
            .transport(script.clone())
            .clock(script.clone())
            .random(Arc::new(Half));
        (set(client).build().unwrap(), script)
    }

    pub(super) fn requests(&self) -> usize {
        self.seen.lock().unwrap().len()
    }
}

#[async_trait]
impl Transport for Script {
    async fn send(&self, request: Request) -> Answer {
        *self.now.lock().unwrap() += self.delay;
        self.seen.lock().unwrap().push(request);
        self.answers.lock().unwrap().pop_front().expect("one request more than scripted")
    }
}

#[async_trait]
impl Clock for Script {
    fn now(&self) -> Duration {
        *self.now.lock().unwrap()
    }

    async fn sleep(&self, duration: Duration) {
        self.sleeps.lock().unwrap().push(duration);
        *self.now.lock().unwrap() += duration;
    }
}
