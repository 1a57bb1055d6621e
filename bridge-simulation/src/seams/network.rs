//! The way to Iden, which loses, delays, repeats and garbles.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use iden_bridge::client::{Request, Response, Transport, TransportError, TransportErrorKind};
use serde_json::{Value, json};

use crate::{
    faults::Fault,
    iden::{Answer, Ask},
    stage::{Stage, State},
};

pub struct Network(pub Arc<Stage>);

/// What becomes of a request.
enum Fate {
    /// It is answered, after these two ways.
    Well(Duration, Duration),
    /// No answer of Iden's: it never left, or something in between says this.
    Instead(Duration, Result<Response, TransportErrorKind>),
    /// Iden takes it in, and this is what the connector hears.
    AppliedBut(Duration, Heard),
    /// Nobody waits for it any more when it arrives.
    Late(Duration),
    /// Something in between gives up soon, and it arrives a while later.
    Behind { at: Duration, heard: Result<Response, TransportErrorKind> },
}

enum Heard {
    Nothing(TransportErrorKind),
    Status(u16),
    Garbled,
}

#[async_trait]
impl Transport for Network {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        let stage = &self.0;
        stage.point("before send").await;
        let (ask, fate, is_retry) = {
            let mut guard = stage.enter();
            let state = &mut *guard;
            state.requests += 1;
            let ask = Ask {
                by: state.process,
                sent: state.now,
                late: false,
                method: request.method.as_str(),
                path: request.url.path().trim_start_matches("/org/acme").to_owned(),
                query: request.url.query().unwrap_or_default().to_owned(),
                body: request.body.as_ref().map(|body| body.to_vec()).unwrap_or_default(),
            };
            let host = request.url.host_str().unwrap_or_default();
            state.trace.note(state.now, "request", format!("{} {}?{} ", ask.method, ask.path, ask.query).as_bytes());
            state.trace.note(state.now, "body", &ask.body);
            let is_retry = state.oracle.sent(state.now, &ask, host, &state.server);
            let fate = fate(state, &ask, request.timeout);
            if !matches!(fate, Fate::Well(..)) && (ask.path.ends_with("/sync/") || ask.path.ends_with("/abandon/")) {
                state.oracle.orphans += 1;
            }
            (ask, fate, is_retry)
        };
        stage.point("after send").await;
        let heard =
            self.carry(&ask, fate, request.timeout).await.map(|response| odd(&mut stage.enter(), &ask, response));
        stage.point("after reply").await;
        let mut state = stage.enter();
        let now = state.now;
        let (status, wait) = match &heard {
            Ok(response) => (Some(response.status), response.retry_after),
            Err(_) => (None, None),
        };
        state.trace.say(now, "heard", format_args!("{} {status:?} {wait:?}", ask.path));
        state.oracle.answered(now, &ask, status, wait, is_retry);
        if let (Ok(response), "GET", [.., "tasks", task]) = (&heard, ask.method, &ask.parts()[..])
            && serde_json::from_slice(&response.body).is_ok_and(|task: Value| task["status"] == "pending")
        {
            task.parse().into_iter().for_each(|task| state.oracle.task_is_read(now, task));
        }
        if let (Ok(response), "GET", [.., "tasks"]) = (&heard, ask.method, &ask.parts()[..])
            && serde_json::from_slice(&response.body)
                .is_ok_and(|page: Value| page["next"].is_null() && page["results"].is_array())
        {
            state.oracle.list_has_ended();
        }
        heard.map_err(|kind| TransportError::new(kind, "the simulated network"))
    }
}

impl Network {
    async fn carry(&self, ask: &Ask, fate: Fate, timeout: Duration) -> Result<Response, TransportErrorKind> {
        match fate {
            Fate::Well(there, back) => {
                tokio::time::sleep(there).await;
                let answer = self.0.enter().apply(ask);
                tokio::time::sleep(back).await;
                Ok(response(&answer))
            }
            Fate::Instead(after, heard) => {
                tokio::time::sleep(after).await;
                heard
            }
            Fate::AppliedBut(there, heard) => {
                tokio::time::sleep(there).await;
                let answer = self.0.enter().apply(ask);
                match heard {
                    Heard::Nothing(TransportErrorKind::TimedOut) => {
                        tokio::time::sleep(timeout.saturating_sub(there)).await;
                        Err(TransportErrorKind::TimedOut)
                    }
                    Heard::Nothing(kind) => Err(kind),
                    Heard::Status(status) => Ok(says(status)),
                    Heard::Garbled => {
                        let text = answer.1.to_string();
                        Ok(Response::json(answer.0, text[..text.len() / 2].to_owned()))
                    }
                }
            }
            Fate::Behind { at, heard } => {
                tokio::time::sleep(at / 4).await;
                let mut state = self.0.enter();
                let at = state.now + at;
                state.apply_later(at, ask.clone());
                heard
            }
            Fate::Late(at) => {
                {
                    let mut state = self.0.enter();
                    let at = state.now + at;
                    state.apply_later(at, ask.clone());
                }
                tokio::time::sleep(timeout).await;
                Err(TransportErrorKind::TimedOut)
            }
        }
    }
}

/// What an error is like that is not documented (protocol.md section 10): empty, without a text, no JSON.
const ODD_BODIES: [&str; 9] = [
    "",
    "null",
    "[]",
    "{}",
    "\"no\"",
    "{\"detail\": null}",
    "{\"detail\": {\"records\": [{\"id\": [\"no\"]}]}}",
    "<html><h1>Not today</h1></html>",
    "{\"detail\": \"no",
];

/// An answer as a server sends it that has changed since its documentation was written.
fn odd(state: &mut State, ask: &Ask, mut response: Response) -> Response {
    if response.status >= 400 && state.strikes(Fault::OddError) {
        response.body = state.net_dice.pick(&ODD_BODIES).into();
    }
    let is_list = ask.method == "GET" && ask.parts().last() == Some(&"tasks") && response.status == 200;
    if is_list
        && let Ok(mut list) = serde_json::from_slice::<Value>(&response.body)
        && let Some(tasks) = list["results"].as_array_mut().filter(|tasks| !tasks.is_empty())
        && state.strikes(Fault::OddList)
    {
        surprise(state, tasks);
        response.body = list.to_string().into();
    }
    response
}

/// Gives a field of some tasks of a list, or of all, a value that nobody expects there. The id is what it is: by an
/// unreadable one nothing can be asked for.
fn surprise(state: &mut State, tasks: &mut [Value]) {
    const FIELDS: [&str; 6] = ["created_at", "execute_after", "action", "resource_type", "status", "payload"];
    let (field, all) = (state.net_dice.pick(&FIELDS), state.net_dice.chance(0.3));
    let values = [json!("2026-01-05T09:30:00"), json!(7), json!(null), json!(["x"]), json!({"account": 7}), json!("")];
    let value = values[state.net_dice.below(values.len())].clone();
    let missing = state.net_dice.chance(0.2);
    for task in tasks.iter_mut().filter_map(Value::as_object_mut) {
        if !all && !state.net_dice.chance(0.3) {
            continue;
        }
        if missing {
            task.remove(field);
        } else {
            task.insert(field.to_owned(), value.clone());
        }
    }
}

pub fn response((status, body): &Answer) -> Response {
    if *status == 204 { Response::new(204, "") } else { Response::json(*status, body.to_string()) }
}

fn says(status: u16) -> Response {
    Response::json(status, r#"{"detail":"something in between"}"#)
}

fn fate(state: &mut State, ask: &Ask, timeout: Duration) -> Fate {
    let (there, back) = (state.net_dice.millis(1, 60), state.net_dice.millis(1, 60));
    let is_session = ask.path.contains("/sync/") && !ask.path.ends_with("/sync/");
    if let Some(fate) = outage(state, timeout) {
        return fate;
    }
    if state.strikes(Fault::RefuseConnect) {
        return Fate::Instead(back, Err(TransportErrorKind::NotSent));
    }
    if state.strikes(Fault::DropBeforeSend) {
        return lost(state, timeout);
    }
    if state.strikes(Fault::LostResponse) {
        let kind = state.net_dice.pick(&[TransportErrorKind::Lost, TransportErrorKind::TimedOut]);
        return Fate::AppliedBut(there, Heard::Nothing(kind));
    }
    if state.strikes(Fault::LateApply) {
        if state.net_dice.chance(0.3) {
            let status = state.net_dice.pick(&[0, 502, 504]);
            let heard = if status == 0 { Err(TransportErrorKind::Lost) } else { Ok(says(status)) };
            return Fate::Behind { at: state.net_dice.log_millis(100, 20_000), heard };
        }
        return Fate::Late(timeout + state.net_dice.log_millis(100, 120_000));
    }
    if state.strikes(Fault::Duplicate) {
        let at = state.now + there + state.net_dice.log_millis(1, 60_000);
        state.apply_later(at, ask.clone());
        // A session of its own, of which nobody hears.
        state.oracle.orphans += u64::from(ask.path.ends_with("/sync/"));
        return Fate::Well(there, back);
    }
    if state.strikes(Fault::Delay) {
        let there = state.net_dice.log_millis(1, 600_000);
        return if there + back < timeout { Fate::Well(there, back) } else { Fate::Late(there.max(timeout)) };
    }
    if state.strikes(Fault::Reorder) {
        return Fate::Well(state.net_dice.millis(500, 8_000), back);
    }
    for (fault, status) in [(Fault::Status500, 500), (Fault::Status502, 502)] {
        if state.strikes(fault) {
            let status = if status == 502 { state.net_dice.pick(&[502, 504]) } else { status };
            return if state.net_dice.chance(0.4) {
                Fate::AppliedBut(there, Heard::Status(status))
            } else {
                Fate::Instead(there, Ok(says(status)))
            };
        }
    }
    for (fault, status) in [(Fault::Status503, 503), (Fault::Status429, 429)] {
        if state.strikes(fault) {
            let answer = says(status);
            let wait = state.net_dice.log_millis(200, 900_000);
            let asks =
                state.net_dice.chance(0.5) && state.net_dice.chance(60_000.0 / (60_000.0 + wait.as_millis() as f64));
            return Fate::Instead(there, Ok(if asks { answer.retry_after(wait) } else { answer }));
        }
    }
    if state.strikes(Fault::Status401) {
        return Fate::Instead(there, Ok(says(401)));
    }
    if is_session && state.strikes(Fault::SessionNotFound) {
        return Fate::Instead(there, Ok(says(404)));
    }
    if is_session && ask.method == "PUT" && state.strikes(Fault::SessionClosed) {
        state.close_session_of(ask);
        return Fate::Well(there, back);
    }
    if ask.method == "PUT" && state.strikes(Fault::Status422) {
        return Fate::Instead(there, Ok(says(422)));
    }
    if state.strikes(Fault::BadJson) {
        return if state.net_dice.chance(0.5) {
            Fate::AppliedBut(there, Heard::Garbled)
        } else {
            Fate::Instead(there, Ok(Response::new(200, "<html>sign in</html>").content_type("text/html")))
        };
    }
    if state.strikes(Fault::Redirect) {
        return Fate::Instead(there, Ok(Response::new(302, "").location("https://elsewhere.example/")));
    }
    Fate::Well(there, back)
}

fn lost(state: &mut State, timeout: Duration) -> Fate {
    if state.net_dice.chance(0.5) {
        Fate::Instead(state.net_dice.millis(1, 2_000), Err(TransportErrorKind::Lost))
    } else {
        Fate::Instead(timeout, Err(TransportErrorKind::TimedOut))
    }
}

fn outage(state: &mut State, timeout: Duration) -> Option<Fate> {
    if state.quiet || !state.is_out() {
        return None;
    }
    state.has_fired(Fault::Outage);
    if state.outages_refuse {
        return Some(Fate::Instead(Duration::from_millis(5), Err(TransportErrorKind::NotSent)));
    }
    Some(match state.net_dice.below(4) {
        0 => lost(state, timeout),
        1 => Fate::Instead(Duration::from_millis(20), Ok(says(503))),
        2 => Fate::Instead(Duration::from_millis(20), Ok(says(500))),
        _ => Fate::Instead(Duration::from_millis(5), Err(TransportErrorKind::NotSent)),
    })
}
