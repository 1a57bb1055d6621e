//! One call: its attempts, its pauses, its deadline.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use url::Url;

use super::retry::{self, LONGEST_PAUSE, Outcome};
use super::{BaseUrl, Call, ClientError, Destination, ErrorKind, Method, Request, Response, Timeouts, Transport};
use crate::clock::Clock;
use crate::random::Random;

/// What all clones of a client share.
pub(super) struct Wire {
    pub(super) base: BaseUrl,
    pub(super) transport: Arc<dyn Transport>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) random: Arc<dyn Random>,
    pub(super) timeouts: Timeouts,
    pub(super) pause: Pause,
}

/// A pause that the server asked for with `Retry-After`. It holds back every call, not only the one that was told.
#[derive(Default)]
pub(super) struct Pause {
    until: Mutex<Duration>,
}

impl Pause {
    fn extend(&self, until: Duration) {
        let mut held = self.until.lock().unwrap_or_else(PoisonError::into_inner);
        *held = until.max(*held);
    }

    fn left(&self, now: Duration) -> Option<Duration> {
        let until = *self.until.lock().unwrap_or_else(PoisonError::into_inner);
        until.checked_sub(now).filter(|left| !left.is_zero())
    }
}

/// One call, ready to be sent as often as the table allows.
pub(super) struct Exchange {
    pub(super) call: Call,
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) body: Option<Bytes>,
}

/// What is known of a call that has not succeeded yet.
struct Progress {
    started: Duration,
    attempts: u32,
    unknown: bool,
}

impl Wire {
    /// Sends until `read` finds a success, or nothing is left to try.
    pub(super) async fn run<T>(
        &self,
        exchange: Exchange,
        read: impl Fn(&Response) -> Result<T, ErrorKind>,
    ) -> Result<T, ClientError> {
        let mut progress = Progress { started: self.clock.now(), attempts: 0, unknown: false };
        loop {
            if let Err(kind) = self.hold(&progress).await {
                return Err(self.fail(&exchange, &progress, kind));
            }
            progress.attempts += 1;
            let kind = match self.attempt(&exchange, &read).await {
                Ok(value) => return Ok(value),
                Err(kind) => kind,
            };
            let Some(wait) = self.next_wait(exchange.call, &progress, &kind) else {
                return Err(self.fail(&exchange, &progress, kind));
            };
            progress.unknown |= kind.outcome_unknown();
            tracing::warn!(
                call = %exchange.call,
                attempt = progress.attempts,
                wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX),
                cause = %kind.summary(),
                "trying again"
            );
            self.clock.sleep(wait).await;
        }
    }

    /// Waits for the end of a pause, or says that it ends too late for this call.
    async fn hold(&self, progress: &Progress) -> Result<(), ErrorKind> {
        // Again after each wait: another call may have been told to wait longer.
        while let Some(wait) = self.pause.left(self.clock.now()) {
            if wait >= self.time_left(progress) {
                return Err(ErrorKind::Paused { wait });
            }
            self.clock.sleep(wait).await;
        }
        Ok(())
    }

    async fn attempt<T>(
        &self,
        exchange: &Exchange,
        read: &impl Fn(&Response) -> Result<T, ErrorKind>,
    ) -> Result<T, ErrorKind> {
        // Not cut by what is left of the deadline: a request with no time for its answer only makes an unknown outcome.
        let timeout = self.timeouts.attempt.min(self.timeouts.operation);
        let request = Request::new(exchange.method, exchange.url.clone(), exchange.body.clone(), timeout);
        let answer = self.transport.send(request).await.map_err(|fault| ErrorKind::of_transport(fault, timeout))?;
        let outcome = read(&answer);
        if let Err(ErrorKind::Refused { retry_after: Some(wait), .. }) = &outcome {
            self.pause.extend(self.clock.now() + (*wait).min(LONGEST_PAUSE));
        }
        outcome
    }

    /// The wait before the next attempt, if there is to be one and it can begin before the deadline.
    fn next_wait(&self, call: Call, progress: &Progress, kind: &ErrorKind) -> Option<Duration> {
        let outcome = Outcome::of(kind);
        if progress.attempts >= retry::attempts(call, outcome) {
            return None;
        }
        let asked = if let ErrorKind::Refused { retry_after, .. } = kind { *retry_after } else { None };
        let wait = retry::wait(outcome, progress.attempts, asked, &*self.random);
        (wait < self.time_left(progress)).then_some(wait)
    }

    fn time_left(&self, progress: &Progress) -> Duration {
        self.timeouts.operation.saturating_sub(self.clock.now().saturating_sub(progress.started))
    }

    fn fail(&self, exchange: &Exchange, progress: &Progress, kind: ErrorKind) -> ClientError {
        let target =
            Destination { method: exchange.method, host: self.base.host(), path: exchange.url.path().to_owned() };
        ClientError::new(exchange.call, target, kind, progress.attempts, progress.unknown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::testing::{Answer, Script};
    use crate::client::{TransportError, TransportErrorKind};
    use bridge_core::wire::NewApp;

    const ID: &str = "0b9e6a5c-3f0e-4d53-9b52-0d2f6f1f4a11";

    fn status(status: u16) -> Answer {
        Ok(Response::json(status, r#"{"detail":"no"}"#))
    }

    fn asks(status: u16, wait: u64) -> Answer {
        Ok(Response::json(status, "{}").retry_after(Duration::from_secs(wait)))
    }

    fn broken(kind: TransportErrorKind) -> Answer {
        Err(TransportError::new(kind, "broken"))
    }

    fn session() -> Answer {
        Ok(Response::json(201, format!(r#"{{"sync_id":"{ID}"}}"#)))
    }

    #[tokio::test]
    async fn a_read_survives_five_faults() {
        use TransportErrorKind::{Lost, NotSent, TimedOut};
        let page = Ok(Response::json(200, r#"{"count":0,"next":null,"previous":null,"results":[]}"#));
        let faults = [broken(NotSent), broken(TimedOut), broken(Lost), status(502), status(504)];
        let (client, script) = Script::new(faults.into_iter().chain([page])).client();
        assert!(client.pending_tasks(ID.parse().unwrap(), 50, 0).await.unwrap().results.is_empty());
        assert_eq!(*script.sleeps.lock().unwrap(), [25, 50, 100, 200, 400].map(Duration::from_millis));
    }

    #[tokio::test]
    async fn an_app_is_asked_for_again_only_if_nothing_was_sent() {
        let app = Ok(Response::json(201, format!(r#"{{"id":"{ID}"}}"#)));
        let (client, script) = Script::new([broken(TransportErrorKind::NotSent), app]).client();
        assert!(client.create_app(&NewApp::new("Payroll")).await.is_ok());
        assert_eq!(script.requests(), 2);
        for (answer, unknown) in [
            (broken(TransportErrorKind::TimedOut), true),
            (broken(TransportErrorKind::Lost), true),
            (status(429), false),
            (status(503), true),
            (Ok(Response::json(201, "{}")), true),
        ] {
            let (client, script) = Script::new([answer]).client();
            let error = client.create_app(&NewApp::new("Payroll")).await.unwrap_err();
            assert_eq!((script.requests(), error.attempts(), error.outcome_unknown()), (1, 1, unknown), "{error}");
        }
    }

    #[tokio::test]
    async fn a_refusal_after_a_lost_answer_has_an_unknown_outcome() {
        let (client, _) = Script::new([broken(TransportErrorKind::Lost), status(409)]).client();
        let report = bridge_core::wire::TaskReport::completed(None);
        let error = client.report_task(ID.parse().unwrap(), ID.parse().unwrap(), &report).await.unwrap_err();
        assert!(error.is_conflict() && error.outcome_unknown());
        assert!(error.to_string().ends_with("the server answered 409: no (after 2 attempts)"), "{error}");
    }

    #[tokio::test]
    async fn a_pause_holds_every_call_back() {
        let app = ID.parse().unwrap();
        // A call that is not repeated, so that the pause is all that is left of it.
        let (client, script) = Script::new([asks(429, 40), session()]).client();
        let error = client.complete_sync(app, ID.parse().unwrap()).await.unwrap_err();
        assert!(error.is_rate_limited() && error.retry_after() == Some(Duration::from_secs(40)));
        client.start_sync(app).await.unwrap();
        assert_eq!(*script.sleeps.lock().unwrap(), [Duration::from_secs(40)]);
    }

    #[tokio::test]
    async fn a_pause_beyond_the_deadline_ends_the_call() {
        let (client, script) = Script::new([asks(503, 3600)]).client();
        let app = ID.parse().unwrap();
        assert_eq!(client.start_sync(app).await.unwrap_err().status(), Some(503));
        let error = client.start_sync(app).await.unwrap_err();
        assert_eq!((error.attempts(), error.retry_after()), (0, Some(Duration::from_secs(600))));
        assert!(error.is_rate_limited() && !error.outcome_unknown() && script.requests() == 1);
    }

    #[tokio::test]
    async fn no_attempt_begins_after_the_deadline() {
        let faults = (0..6).map(|_| broken(TransportErrorKind::TimedOut));
        let (client, script) = Script { delay: Duration::from_secs(110), ..Script::new(faults) }.client();
        let error = client.lighthouse_apps(50, 0).await.unwrap_err();
        assert_eq!(error.attempts(), 3);
        let limits: Vec<_> = script.seen.lock().unwrap().iter().map(|request| request.timeout).collect();
        assert_eq!(limits, [Duration::from_secs(30); 3]);
    }
}
