//! A client whose server answers at once, and what it sent.

use std::{
    future::Future,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use bridge_runtime::{
    client::{ApiKey, BaseUrl, Client, Request, Response, Transport, TransportError},
    clock::Clock,
};

use crate::promise::CANARY;

/// Answers every request with the same.
pub(crate) struct Wire {
    answer: Response,
    pub(crate) requests: Mutex<Vec<Request>>,
    now: Mutex<Duration>,
}

impl Wire {
    pub(crate) fn answering(answer: Response) -> Arc<Self> {
        Arc::new(Wire { answer, requests: Mutex::default(), now: Mutex::default() })
    }

    pub(crate) fn client(self: &Arc<Self>, base: BaseUrl) -> Client {
        let key = ApiKey::new(CANARY).expect("it is a key");
        Client::builder(base, key).transport(self.clone()).clock(self.clone()).build().expect("nothing can fail")
    }
}

#[async_trait]
impl Transport for Wire {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        self.requests.lock().unwrap().push(request);
        Ok(self.answer.clone())
    }
}

#[async_trait]
impl Clock for Wire {
    fn now(&self) -> Duration {
        *self.now.lock().unwrap()
    }

    async fn sleep(&self, duration: Duration) {
        let mut now = self.now.lock().unwrap();
        *now = now.saturating_add(duration);
    }
}

/// Runs what never waits.
pub(crate) fn now<T>(future: impl Future<Output = T>) -> T {
    let mut future = std::pin::pin!(future);
    match future.as_mut().poll(&mut std::task::Context::from_waker(std::task::Waker::noop())) {
        std::task::Poll::Ready(value) => value,
        std::task::Poll::Pending => panic!("a call waits for something else than its clock"),
    }
}
