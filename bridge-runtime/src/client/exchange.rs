//! One call: its attempts, its pauses, its deadline, and what its retries cost.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use bytes::Bytes;
use tracing::Instrument as _;
use url::Url;

use super::budget::{self, Budget};
use super::pause::Pause;
use super::retry::{self, LONGEST_PAUSE, Outcome};
use super::watch::Watch;
use super::{BaseUrl, Call, ClientError, Destination, ErrorKind, Method, Request, Response, Timeouts, Transport};
use crate::{clock::Clock, planted::Bug, random::Random};

/// What all clones of a client share.
pub(super) struct Wire {
    pub(super) base: BaseUrl,
    pub(super) transport: Arc<dyn Transport>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) random: Arc<dyn Random>,
    pub(super) timeouts: Timeouts,
    pub(super) pause: Arc<Pause>,
    pub(super) budget: Budget,
    /// How often the server asked for less load.
    pub(super) throttles: AtomicU64,
    pub(super) retries: AtomicU64,
    pub(super) watch: Watch,
}

/// One call, ready to be sent as often as the table allows.
pub(super) struct Exchange {
    pub(super) call: Call,
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) body: Option<Bytes>,
    /// No attempt begins later, on the client's clock.
    by: Duration,
}

impl Exchange {
    pub(super) fn of(call: Call, method: Method, url: Url, body: Option<Bytes>) -> Self {
        Self { call, method, url, body, by: Duration::MAX }
    }

    pub(super) fn by(mut self, by: Duration) -> Self {
        self.by = by;
        self
    }
}

/// What is known of a call that has not succeeded yet.
struct Progress {
    /// No attempt begins later.
    by: Duration,
    attempts: u32,
    unknown: bool,
    /// What the budget gets if the present attempt succeeds.
    reward: u32,
}

impl Wire {
    /// Sends until `read` finds a success, or nothing is left to try.
    pub(super) async fn run<T>(
        &self,
        exchange: Exchange,
        read: impl Fn(&Response) -> Result<T, ErrorKind>,
    ) -> Result<T, ClientError> {
        let by = self.clock.now().saturating_add(self.timeouts.operation).min(exchange.by);
        let mut progress = Progress { by, attempts: 0, unknown: false, reward: budget::FIRST_SUCCESS };
        let outcome = self.send(&exchange, &mut progress, read).await;
        self.watch.ended(&outcome);
        outcome.map_err(|kind| self.fail(&exchange, &progress, kind))
    }

    async fn send<T>(
        &self,
        exchange: &Exchange,
        progress: &mut Progress,
        read: impl Fn(&Response) -> Result<T, ErrorKind>,
    ) -> Result<T, ErrorKind> {
        loop {
            self.hold(progress).await?;
            progress.attempts += 1;
            let span = Watch::span(exchange, progress.attempts);
            let kind = match self.attempt(exchange, &read).instrument(span).await {
                Ok(value) => {
                    self.budget.earn(progress.reward);
                    return Ok(value);
                }
                Err(kind) => kind,
            };
            let Some(wait) = self.next_wait(exchange.call, progress, &kind) else { return Err(kind) };
            self.retries.fetch_add(1, Relaxed);
            self.watch.tries_again(exchange.call);
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
            if Bug::RetryAfterIsIgnored.is_planted() {
                break;
            }
            if wait >= self.time_left(progress) {
                return Err(ErrorKind::Paused { wait });
            }
            self.clock.sleep(wait).await;
        }
        // A wait may have taken longer than it was to: the machine slept. What is sent too late may meet what it was not meant for.
        if self.time_left(progress).is_zero() {
            return Err(ErrorKind::Paused { wait: Duration::ZERO });
        }
        Ok(())
    }

    /// Waits for the end of a pause that the next call would wait for.
    pub(super) async fn outwait_pause(&self) {
        while let Some(wait) = self.pause.left(self.clock.now()).filter(|wait| *wait <= self.timeouts.operation) {
            self.clock.sleep(wait).await;
        }
    }

    /// How long one attempt may take.
    pub(super) fn patience(&self) -> Duration {
        self.timeouts.attempt.min(self.timeouts.operation)
    }

    async fn attempt<T>(
        &self,
        exchange: &Exchange,
        read: &impl Fn(&Response) -> Result<T, ErrorKind>,
    ) -> Result<T, ErrorKind> {
        // Not cut by what is left of the deadline: a request with no time for its answer only makes an unknown outcome.
        let timeout = self.patience();
        let request = Request::new(exchange.method, exchange.url.clone(), exchange.body.clone(), timeout);
        let began = self.clock.now();
        let answer = self.transport.send(request).await.map_err(|fault| ErrorKind::of_transport(fault, timeout));
        let outcome = answer.and_then(|answer| read(&answer));
        self.watch.attempted(exchange.call, &outcome, self.clock.now().saturating_sub(began));
        if let Err(kind) = &outcome {
            self.heed(kind);
        }
        outcome
    }

    /// Takes in what a refusal means for all calls.
    fn heed(&self, kind: &ErrorKind) {
        if Outcome::of(kind) == Outcome::Throttled {
            self.throttles.fetch_add(1, Relaxed);
        }
        if let ErrorKind::Refused { retry_after: Some(wait), .. } = kind {
            let until = self.clock.now() + (*wait).min(LONGEST_PAUSE);
            self.pause.extend(until);
            self.watch.pauses(until);
        }
    }

    /// The wait before the next attempt, if there is to be one, it can begin before the deadline, and it is paid for.
    fn next_wait(&self, call: Call, progress: &mut Progress, kind: &ErrorKind) -> Option<Duration> {
        let outcome = Outcome::of(kind);
        if progress.attempts >= retry::attempts(call, outcome) {
            return None;
        }
        let asked = if let ErrorKind::Refused { retry_after, .. } = kind { *retry_after } else { None };
        let wait = retry::wait(outcome, progress.attempts, asked, &*self.random);
        if wait >= self.time_left(progress) {
            return None;
        }
        let price = budget::price(outcome);
        if !self.budget.pay(price) {
            tracing::warn!(%call, "not trying again: too many calls have failed lately");
            return None;
        }
        progress.reward = price;
        Some(wait)
    }

    fn time_left(&self, progress: &Progress) -> Duration {
        progress.by.saturating_sub(self.clock.now())
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
    use crate::client::{Client, TransportError, TransportErrorKind};
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
        let faults = [broken(NotSent), broken(TimedOut), broken(Lost), status(502), status(504)];
        let (client, script) = Script::new(faults.into_iter().chain([page()])).client();
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
    async fn a_pause_holds_back_the_other_clients_of_the_same_server() {
        let pause = Arc::<Pause>::default();
        let (told, _) = Script::new([asks(429, 40)]).client_with(|client| client.pause(pause.clone()));
        let (other, script) = Script::new([session()]).client_with(|client| client.pause(pause));
        let app = ID.parse().unwrap();
        told.complete_sync(app, ID.parse().unwrap()).await.unwrap_err();
        other.start_sync(app).await.unwrap();
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

    #[tokio::test]
    async fn what_has_to_leave_by_a_time_does_not_wait_for_a_pause_beyond_it() {
        let (app, sync) = (ID.parse().unwrap(), ID.parse().unwrap());
        let done = || Ok(Response::json(202, "{}"));
        let (client, script) = Script::new([asks(503, 40), done()]).client();
        client.complete_sync(app, sync).await.unwrap_err();
        let error = client.complete_sync_by(app, sync, Duration::from_secs(40)).await.unwrap_err();
        assert_eq!((error.attempts(), error.outcome_unknown(), script.requests()), (0, false, 1), "{error}");
        client.complete_sync_by(app, sync, Duration::from_secs(41)).await.unwrap();
    }

    #[tokio::test]
    async fn nothing_is_tried_again_after_the_time_by_which_it_has_to_leave() {
        let refused = || broken(TransportErrorKind::NotSent);
        let (client, script) =
            Script { delay: Duration::from_secs(10), ..Script::new([refused(), refused()]) }.client();
        let by = Duration::from_secs(15);
        client.complete_sync_by(ID.parse().unwrap(), ID.parse().unwrap(), by).await.unwrap_err();
        assert_eq!(script.requests(), 2);
    }

    fn page() -> Answer {
        Ok(Response::json(200, r#"{"count":0,"next":null,"previous":null,"results":[]}"#))
    }

    /// The attempts of one call that may be repeated five times.
    async fn attempts(client: &Client) -> u32 {
        client.lighthouse_apps(50, 0).await.map_or_else(|error| error.attempts(), |_| 0)
    }

    // The budget is 500, and a retry costs 14: seven calls with five retries each leave 10 of it.

    #[tokio::test]
    async fn in_a_long_outage_every_clone_gets_one_attempt_for_a_call() {
        let (client, script) = Script::new((0..44).map(|_| broken(TransportErrorKind::Lost))).client();
        let patient = client.lighthouse_apps(50, 0).await.unwrap_err().to_string();
        for _ in 0..6 {
            assert_eq!(attempts(&client.clone()).await, 6);
        }
        let short = client.clone().lighthouse_apps(50, 0).await.unwrap_err();
        assert_eq!((short.attempts(), script.requests()), (1, 43));
        assert_eq!(format!("{short} (after 6 attempts)"), patient);
        assert_eq!(attempts(&client).await, 1);
    }

    #[tokio::test]
    async fn calls_that_succeed_at_once_fill_the_budget_up_again() {
        let lost = || broken(TransportErrorKind::Lost);
        let answers = (0..42).map(|_| lost()).chain((0..3).map(|_| page())).chain([lost(), page(), lost(), lost()]);
        let (client, script) = Script::new(answers).client();
        for _ in 0..7 + 3 {
            attempts(&client).await;
        }
        assert_eq!(attempts(&client).await, 1, "13 do not pay for a retry");
        attempts(&client).await;
        assert_eq!(attempts(&client).await, 2, "14 do");
        assert!(script.answers.lock().unwrap().is_empty());
    }

    #[tokio::test]
    async fn a_retry_that_succeeds_costs_nothing() {
        let faults = (0..100).flat_map(|_| [broken(TransportErrorKind::Lost), page()]);
        let (client, _) = Script::new(faults.chain((0..6).map(|_| status(502)))).client();
        for _ in 0..100 {
            client.lighthouse_apps(50, 0).await.unwrap();
        }
        assert_eq!(attempts(&client).await, 6);
    }

    #[tokio::test]
    async fn every_answer_that_asks_for_less_load_is_counted() {
        let (client, _) =
            Script::new([status(429), asks(503, 2), session(), status(500), status(502), session()]).client();
        assert_eq!(client.throttles(), 0);
        client.start_sync(ID.parse().unwrap()).await.unwrap();
        assert_eq!(client.clone().throttles(), 2);
        client.start_sync(ID.parse().unwrap()).await.unwrap();
        assert_eq!(client.throttles(), 2, "a server that stumbles does not ask for less");
    }
}
