//! Every request passes here first: its key is looked up, it is read and logged, met by a fault where one is due, and its key is
//! checked. A request with an unknown key is refused at once: neither its body nor its path takes any memory.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header, request, response};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::{StreamExt, stream};
use tokio::sync::SemaphorePermit;
use tokio::time::timeout;

use crate::changes::Topic;
use crate::connections::{Cut, Wire};
use crate::error::Refusal;
use crate::fault::{Ending, Fault};
use crate::key::Caller;
use crate::log::Outcome;
use crate::server::Server;
use crate::state::State as ServerState;

/// The largest request body that is accepted.
const MOST_BYTES: usize = 10 * 1024 * 1024;
/// How much of a body that is too large is read, so that the client gets to read the answer. Then the connection is closed.
const MOST_BYTES_READ: usize = 10 * MOST_BYTES;
/// How long a body may take to arrive.
const LONGEST_BODY: Duration = Duration::from_secs(60);

pub(crate) async fn pass(
    State(server): State<Arc<Server>>,
    ConnectInfo(wire): ConnectInfo<Wire>,
    request: Request,
    next: Next,
) -> Response {
    let (head, body) = request.into_parts();
    if let Err(refusal) = admit(&server, &head, &wire) {
        // Otherwise the connection would be reset before the client reads the answer. The line bounds how long this takes.
        tokio::spawn(drain(body));
        return refusal.into_response();
    }
    let (_room, body) = match read_in_time(&server, &head.headers, body).await {
        Ok((room, body)) => (Some(room), Ok(body)),
        Err(refusal) => (None, Err(refusal)),
    };

    let method = head.method.as_str();
    let path = head.uri.path_and_query().map_or_else(|| head.uri.path(), |path| path.as_str());
    let (now, start) = (server.state().clock.now(), Instant::now());
    let number = server.log().open(now, method, path, body.as_ref().map_or(&[], |body| body));
    server.publish(Topic::Requests);
    let fault = server.faults().pick(method, path, body.as_deref().unwrap_or_default());

    if let Some(fault) = &fault {
        server.log().note_fault(number, fault.to_string());
        server.publish(Topic::Faults);
    }

    let answer = match fault {
        None => Ok(act(&server, head, body, next).await),
        Some(fault) => spoil(&server, head, body, next, fault).await,
    };
    let answer = match answer {
        Ok(answer) => answer,
        Err(cut) => {
            wire.cut(cut);
            // Something has to be returned; the cut line lets none of it out.
            return StatusCode::NO_CONTENT.into_response();
        }
    };
    let outcome = Outcome { status: answer.head.status, body: &answer.body, took: start.elapsed() };
    server.log().close(number, &outcome);
    server.publish(Topic::Requests);
    answer.send()
}

/// An answer that is in memory as a whole, as all answers of this server are.
struct Answer {
    head: response::Parts,
    body: Bytes,
    /// The line breaks after half of the body.
    is_truncated: bool,
}

impl Answer {
    async fn of(response: Response) -> Self {
        let (head, body) = response.into_parts();
        // In memory already: this neither waits nor fails.
        let body = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default();
        Self { head, body, is_truncated: false }
    }

    fn send(self) -> Response {
        if self.is_truncated && !self.body.is_empty() {
            truncate(self.head, &self.body)
        } else {
            Response::from_parts(self.head, self.body.into())
        }
    }
}

/// Does what a server without faults does.
async fn act(server: &Server, mut head: request::Parts, body: Result<Bytes, Refusal>, next: Next) -> Answer {
    let caller = who(server, &head);
    let response = match caller.and_then(|caller| Ok((caller, body?))) {
        Err(refusal) => refusal.into_response(),
        Ok((caller, body)) => {
            head.extensions.insert(caller);
            next.run(Request::from_parts(head, body.into())).await
        }
    };
    let response = server.check_kept().map_or_else(IntoResponse::into_response, |()| response);
    Answer::of(response).await
}

/// Whether a request comes from somebody who was ever given a key.
fn admit(server: &Server, head: &request::Parts, wire: &Wire) -> Result<(), Refusal> {
    if let Some(wait) = server.wrong_key_wait(wire.peer()) {
        let detail = format!("too many wrong keys came from this address: wait {} seconds", wait.as_secs() + 1);
        return Err(Refusal::new(StatusCode::TOO_MANY_REQUESTS, detail));
    }
    let state = server.state();
    let known = tenant(&state, head).and_then(|tenant| state.tenants[tenant].keys.check_known(&head.headers));
    if known.is_err() && head.headers.contains_key(header::AUTHORIZATION) {
        server.note_wrong_key(wire.peer());
    }
    known
}

/// The tenant that a path names, by its index.
fn tenant(state: &ServerState, head: &request::Parts) -> Result<usize, Refusal> {
    let slug = head.uri.path().strip_prefix("/org/").and_then(|rest| rest.split('/').next());
    slug.and_then(|slug| state.tenant(slug)).ok_or_else(|| {
        let known: Vec<_> = state.tenants.iter().map(|tenant| format!("`/org/{}/`", tenant.slug)).collect();
        Refusal::not_found(format!("not found: every path starts with {}", known.join(" or ")))
    })
}

/// Who asks? A key of one tenant is unknown at every other.
fn who(server: &Server, head: &request::Parts) -> Result<Caller, Refusal> {
    let state = server.state();
    let tenant = tenant(&state, head)?;
    let access = state.tenants[tenant].keys.check(&head.headers, state.clock.now())?;
    Ok(Caller { tenant, access })
}

/// Does what the fault says. An error: no answer leaves.
async fn spoil(
    server: &Server,
    head: request::Parts,
    body: Result<Bytes, Refusal>,
    next: Next,
    fault: Fault,
) -> Result<Answer, Cut> {
    wait(server, fault.delay).await;
    let genuine = if fault.acts { Some(act(server, head, body, next).await) } else { None };
    wait(server, fault.hold).await;
    let mut answer = match (fault.ending, genuine) {
        (Ending::Answer { status, content_type, body }, _) => {
            Answer::of((status, [(header::CONTENT_TYPE, content_type)], body).into_response()).await
        }
        (Ending::Genuine, Some(genuine)) => genuine,
        (Ending::Truncated, Some(genuine)) => Answer { is_truncated: true, ..genuine },
        (Ending::Nothing | Ending::Genuine | Ending::Truncated, _) => return Err(Cut::Close),
        (Ending::Reset, _) => return Err(Cut::Reset),
    };
    for (name, value) in fault.headers {
        answer.head.headers.insert(name, value);
    }
    Ok(answer)
}

/// Waits, but never longer than the server runs. Where there is nothing to wait for, not even for a tick of the timer: whoever
/// sees the request in the log may count on it that it is acted upon.
async fn wait(server: &Server, time: Duration) {
    if time.is_zero() {
        return;
    }
    tokio::select! {
        () = tokio::time::sleep(time) => {}
        () = server.stopping.cancelled() => {}
    }
}

/// Reads a body, once there is room for it. The room is taken until the request is answered.
async fn read_in_time<'a>(
    server: &'a Server,
    headers: &HeaderMap,
    body: Body,
) -> Result<(SemaphorePermit<'a>, Bytes), Refusal> {
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    let announced = announced.unwrap_or(if headers.contains_key(header::TRANSFER_ENCODING) { MOST_BYTES } else { 0 });
    let size = announced.min(MOST_BYTES);
    let reading = async {
        let room = server.bodies.acquire_many(u32::try_from(size).unwrap_or(u32::MAX)).await;
        let room = room.map_err(|_| Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "the sandbox is stopping"))?;
        Ok((room, read(body).await?))
    };
    let late = |_| {
        let detail = format!("the body did not arrive within {} seconds", LONGEST_BODY.as_secs());
        Refusal::new(StatusCode::REQUEST_TIMEOUT, detail)
    };
    timeout(LONGEST_BODY, reading).await.map_err(late)?
}

/// Reads what a refused client still sends, and throws it away.
async fn drain(body: Body) {
    let (mut chunks, mut size) = (body.into_data_stream(), 0);
    while let Some(Ok(chunk)) = chunks.next().await {
        size += chunk.len();
        if size > MOST_BYTES_READ {
            break;
        }
    }
}

/// Reads a body. One that is too large is read on and thrown away, but not for ever.
async fn read(body: Body) -> Result<Bytes, Refusal> {
    let mut chunks = body.into_data_stream();
    let (mut kept, mut size) = (Vec::new(), 0_usize);
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|error| Refusal::bad_request(format!("the body cannot be read: {error}")))?;
        size = size.saturating_add(chunk.len());
        if size <= MOST_BYTES {
            kept.extend_from_slice(&chunk);
        } else {
            kept = Vec::new();
        }
        if size > MOST_BYTES_READ {
            break;
        }
    }
    if size > MOST_BYTES {
        let detail = format!("the body has {size} bytes or more, at most {MOST_BYTES} are accepted");
        return Err(Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, detail));
    }
    Ok(kept.into())
}

/// Announces the whole body, sends half of it, and breaks off.
fn truncate(mut head: response::Parts, body: &Bytes) -> Response {
    head.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
    let half = stream::iter([Ok(body.slice(..body.len() / 2))]);
    // A pause lets the half go out: on an error the HTTP library would throw away what it has not yet written.
    let end = stream::once(async {
        tokio::time::sleep(Duration::from_millis(20)).await;
        Err(io::Error::from(io::ErrorKind::ConnectionAborted))
    });
    Response::from_parts(head, Body::from_stream(half.chain(end)))
}
