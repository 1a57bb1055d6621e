//! The way to Iden, step by step: its name, the connection with TLS, the key, and the two clocks.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use jiff::Timestamp;
use tokio::{net::lookup_host, time::timeout};

use crate::{
    client::{BaseUrl, Client, ClientError, ErrorKind, Request, Response, Timeouts, Transport, TransportError},
    connector::{ConnectorError, Finding, Target},
};

/// How long one answer may take. A person is waiting.
const LONGEST: Duration = Duration::from_secs(10);
/// How far this machine's clock may be off. More of it, and certificates and stamps are judged wrongly.
const DRIFT: Duration = Duration::from_secs(120);

const CLOCK: &str = "set this machine's clock: is its time service running?";
const NAME: &str = "check the host in BRIDGE_URL, and this machine's DNS";

pub(super) struct Way<'a> {
    target: &'a Target,
}

impl<'a> Way<'a> {
    pub(super) fn to(target: &'a Target) -> Self {
        Way { target }
    }

    /// The part of it that needs no key.
    pub(super) async fn examine_without_key(&self) -> (Vec<Finding>, Option<Client>) {
        let skipped = ["connection", "clock"].map(|check| Finding::skipped(check, "there is no key to ask with"));
        let findings = std::iter::once(name(&self.target.url).await).chain(skipped).collect();
        (findings, None)
    }

    /// Walks it. The client, if Iden answers and takes the key.
    pub(super) async fn examine(&self) -> (Vec<Finding>, Option<Client>) {
        let url = &self.target.url;
        let mut findings = vec![name(url).await];
        let dated = match self.target.way().map(Dated::new).map(Arc::new) {
            Ok(dated) => dated,
            Err(error) => {
                findings.push(Finding::failed("connection", &error, "set it right: `--help` lists the settings"));
                findings.extend(["key", "clock"].map(|check| Finding::skipped(check, "there is no connection")));
                return (findings, None);
            }
        };
        let timeouts = Timeouts::default().attempt(LONGEST).operation(LONGEST);
        let client = match self.target.client_through(Arc::clone(&dated) as Arc<dyn Transport>, timeouts) {
            Ok(client) => client,
            Err(error) => {
                findings.push(Finding::failed("connection", &error, "set it right: `--help` lists the settings"));
                return (findings, None);
            }
        };
        // It reads one entry of a list, and changes nothing.
        let answer = client.lighthouse_apps(1, 0).await.map(drop);
        findings.extend(connection(url, &answer));
        findings.push(clock(dated.date(), Timestamp::now()));
        let usable = answer.is_ok() || matches!(&answer, Err(error) if error.status() == Some(404));
        (findings, usable.then_some(client))
    }
}

async fn name(url: &BaseUrl) -> Finding {
    let (host, port) = url.host_and_port();
    let found = timeout(LONGEST, lookup_host((host.trim_matches(['[', ']']), port))).await;
    match found.map_err(|_| "no answer in time".to_owned()).and_then(|found| found.map_err(|error| error.to_string())) {
        Ok(addresses) => match addresses.map(|address| address.ip().to_string()).collect::<Vec<_>>() {
            none if none.is_empty() => unknown(&host, "it has no address"),
            found => Finding::ok("dns", format!("{host} is {}", found.join(", "))),
        },
        // A proxy may know the name.
        Err(why) if goes_by_proxy(url) => {
            Finding::skipped("dns", format!("{host} is not known here ({why}); the proxy looks it up"))
        }
        Err(why) => unknown(&host, &why),
    }
}

fn goes_by_proxy(url: &BaseUrl) -> bool {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    url.is_https()
        && !url.is_loopback()
        && ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"].iter().any(|name| set(name))
}

fn unknown(host: &str, why: &str) -> Finding {
    let error = ConnectorError::Unresolved { host: host.to_owned(), why: why.to_owned() };
    Finding::failed("dns", &error, NAME)
}

/// What the first answer, or its absence, says of the connection and of the key.
fn connection(url: &BaseUrl, answer: &Result<(), ClientError>) -> [Finding; 2] {
    let reached = || {
        let how = if url.is_https() { "TLS, with a certificate that is trusted" } else { "plain HTTP" };
        Finding::ok("connection", how)
    };
    let Err(error) = answer else { return [reached(), Finding::ok("key", "Iden takes it")] };
    let failed = |check, remedy| Finding::failed(check, &error.clone().into(), remedy);
    match error.kind() {
        ErrorKind::Refused { status: 401 | 403, .. } => [reached(), failed("key", "make a new key in Iden")],
        // Lighthouse may be closed to the key, or not there; the app tells.
        ErrorKind::Refused { status: 404, .. } => {
            [reached(), Finding::warning("key", error.to_string(), "if the app below can be read, this is no matter")]
        }
        _ => [failed("connection", "try again later"), Finding::skipped("key", "there is no answer to tell by")],
    }
}

fn clock(date: Option<Timestamp>, now: Timestamp) -> Finding {
    let Some(date) = date else { return Finding::skipped("clock", "no answer says what time it is") };
    let off = now.duration_since(date).unsigned_abs();
    if off <= DRIFT {
        return Finding::ok("clock", format!("{} s from Iden's", off.as_secs()));
    }
    let error = ConnectorError::ClockOff { seconds: off.as_secs() };
    Finding::failed("clock", &error, CLOCK)
}

/// Notes what time the server says it is.
struct Dated {
    transport: Arc<dyn Transport>,
    date: Mutex<Option<Timestamp>>,
}

impl Dated {
    fn new(transport: Arc<dyn Transport>) -> Self {
        Dated { transport, date: Mutex::default() }
    }

    fn date(&self) -> Option<Timestamp> {
        *self.date.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Transport for Dated {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        let answer = self.transport.send(request).await?;
        *self.date.lock().unwrap_or_else(PoisonError::into_inner) = answer.date;
        Ok(answer)
    }
}
