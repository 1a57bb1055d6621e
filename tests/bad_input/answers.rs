//! What the client makes of an answer, call by call.

use std::sync::{Arc, atomic::Ordering};

use iden_bridge::client::{ClientError, ErrorKind};

use crate::{
    calls::{self, CALLS, ID, KEY},
    corpus::{cases, expand, expand_text},
    server::{Elsewhere, Server},
    side_by_side::{is_printable, run, told},
};

#[derive(serde::Deserialize, Clone)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    /// All of them, where it is left out.
    calls: Option<Vec<String>>,
    /// The documented one of the call, where it is left out.
    status: Option<u16>,
    #[serde(default = "json")]
    content_type: String,
    #[serde(default)]
    headers: Vec<String>,
    /// The documented one of the call, where it is left out.
    body: Option<String>,
    /// The whole answer, head and all.
    raw: Option<String>,
    outcome: Outcome,
    /// How many requests are made where every one is answered so.
    #[serde(default = "one")]
    attempts: usize,
    /// How long the server makes the client wait before the next request, in seconds.
    waits: Option<u64>,
    #[serde(default)]
    says: Vec<String>,
    /// What neither the error nor its `Debug` output repeats.
    #[serde(default)]
    hides: Vec<String>,
}

#[derive(serde::Deserialize, Clone, Copy, Debug, PartialEq)]
#[serde(rename_all = "snake_case")]
enum Outcome {
    Ok,
    Refused,
    Unreadable,
    Redirected,
    TooLarge,
    Lost,
}

impl Outcome {
    fn of(error: &ClientError) -> Option<Self> {
        Some(match error.kind() {
            ErrorKind::Refused { .. } => Outcome::Refused,
            ErrorKind::Unreadable { .. } => Outcome::Unreadable,
            ErrorKind::Redirected { .. } => Outcome::Redirected,
            ErrorKind::TooLarge => Outcome::TooLarge,
            ErrorKind::Lost { .. } => Outcome::Lost,
            _ => return None,
        })
    }

    /// Whether the call may have had its effect (protocol.md section 7): only a refusal below 500 says that it had none.
    fn is_unknown(self, status: Option<u16>) -> bool {
        self != Outcome::Refused || status >= Some(500)
    }
}

fn json() -> String {
    "application/json".into()
}

fn one() -> usize {
    1
}

/// A second app cannot be taken back, and a session is completed only by who has looked: neither is ever asked for twice. A
/// session whose id was lost stays open, so there should be few (protocol.md section 7, reliability.md section 4.4).
fn most(call: &str, case: &Case) -> usize {
    match call {
        "create app" | "complete" => 1,
        "start sync" if case.outcome == Outcome::Lost || [Some(502), Some(504)].contains(&case.status) => 3,
        _ => usize::MAX,
    }
}

fn answer(status: u16, content_type: &str, headers: &[String], body: &[u8]) -> Vec<u8> {
    let mut answer = format!("HTTP/1.1 {status} Said\r\nConnection: close\r\n").into_bytes();
    if !content_type.is_empty() {
        answer.extend_from_slice(format!("Content-Type: {content_type}\r\n").as_bytes());
    }
    headers.iter().for_each(|header| answer.extend_from_slice(format!("{header}\r\n").as_bytes()));
    if ![204, 304].contains(&status) {
        answer.extend_from_slice(format!("Content-Length: {}\r\n", body.len()).as_bytes());
    }
    answer.extend_from_slice(b"\r\n");
    answer.extend_from_slice(body);
    answer
}

/// One case and one call.
async fn check(
    case: Case,
    call: &'static str,
    number: usize,
    server: Arc<Server>,
    other: String,
) -> Result<(), String> {
    let (_, status, body) = CALLS.into_iter().find(|(name, ..)| *name == call).unwrap();
    let names = [("id", ID), ("other", &*other), ("key", KEY)];
    let good = answer(status, "application/json", &[], &expand(body, &names));
    let headers: Vec<String> = case.headers.iter().map(|header| expand_text(header, &names)).collect();
    let bad = match &case.raw {
        Some(raw) => expand(raw, &names),
        None => {
            let (status, body) = (case.status.unwrap_or(status), case.body.as_deref().unwrap_or(body));
            answer(status, &expand_text(&case.content_type, &names), &headers, &expand(body, &names))
        }
    };
    let attempts = case.attempts.min(most(call, &case));
    let repeated = attempts > 1;

    let tenant = format!("case-{number}");
    let hosted = server.host(&tenant, bad.clone(), None);
    let (client, clock) = calls::client(&server.address, &tenant);
    let ended = calls::make(&client, call).await;
    let requests = hosted.requests.load(Ordering::SeqCst);
    let seen = match (&ended, case.outcome) {
        (Ok(shown), Outcome::Ok) => shown.clone(),
        (Err(error), expected) if Outcome::of(error) == Some(expected) => {
            if error.outcome_unknown() != expected.is_unknown(error.status()) {
                return Err(format!("wrong about whether it had its effect: {error:?}"));
            }
            format!("{error}\n{error:?}\n{}", error.hint().unwrap_or_default())
        }
        (ended, expected) => return Err(told(&format!("{expected:?} expected, {ended:?} came"))),
    };
    if requests != attempts {
        return Err(format!("{attempts} requests expected, {requests} came"));
    }
    let hides = case.hides.iter().map(String::as_str).chain([KEY]);
    if let Some(leak) = hides.map(|text| expand_text(text, &names)).find(|text| seen.contains(text)) {
        return Err(told(&format!("`{leak}` is repeated: {seen}")));
    }
    // An error is one line of bounded length, whatever the server sends.
    if ended.is_err() && seen.len() > 4000 {
        return Err(told(&format!("{} bytes: {seen}", seen.len())));
    }
    if let Some(part) = case.says.iter().find(|part| !seen.contains(&expand_text(part, &names))) {
        return Err(told(&format!("`{part}` is missing: {seen}")));
    }
    if ended.is_err() && !seen.lines().all(is_printable) {
        return Err(format!("it is not fit to print: {seen:?}"));
    }
    if let Some(seconds) = case.waits.filter(|_| repeated) {
        let first = clock.waits.lock().unwrap()[0].as_secs_f64();
        if (first - seconds as f64).abs() > 0.001 {
            return Err(format!("a wait of {seconds} s expected, {first} s came"));
        }
    }

    // Once only, it is got over by a call that may be repeated, and by no other.
    let tenant = format!("once-{number}");
    let hosted = server.host(&tenant, bad, Some(good));
    let (client, _) = calls::client(&server.address, &tenant);
    let ended = calls::make(&client, call).await;
    let seen = (ended.is_ok(), hosted.requests.load(Ordering::SeqCst));
    let expected = (repeated || case.outcome == Outcome::Ok, if repeated { 2 } else { 1 });
    if seen != expected { Err(format!("once only: {expected:?} expected, {seen:?} came")) } else { Ok(()) }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_answer_comes_to_what_the_corpus_says() {
    let (server, elsewhere) = (Arc::new(Server::start().await), Elsewhere::start().await);
    let mut checks = Vec::new();
    for case in cases::<Case>("answers", 321) {
        for (call, ..) in CALLS {
            if case.calls.as_ref().is_none_or(|calls| calls.iter().any(|one| one == call)) {
                checks.push((format!("{call}: {}", case.name), (case.clone(), call, checks.len())));
            }
        }
    }
    run(checks, |(case, call, number)| check(case, call, number, server.clone(), elsewhere.address.clone())).await;
    elsewhere.assert_never_visited();
}

#[tokio::test]
async fn the_documented_answer_of_every_call_is_taken() {
    let server = Server::start().await;
    for (call, status, body) in CALLS {
        let body = expand(body, &[("id", ID)]);
        server.host("acme", answer(status, "application/json", &[], &body), None);
        calls::make(&calls::client(&server.address, "acme").0, call).await.unwrap();
    }
}
