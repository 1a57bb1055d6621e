//! Every request passes here first: it is read and logged, met by a fault where one is due, and its key is checked.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderValue, StatusCode, header, request};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::{StreamExt, stream};

use crate::error::Refusal;
use crate::fault::{Ending, Fault};
use crate::line::Scissors;
use crate::server::Server;

/// The largest request body that is accepted.
const MOST_BYTES: usize = 10 * 1024 * 1024;

pub(crate) async fn pass(
    State(server): State<Arc<Server>>,
    ConnectInfo(scissors): ConnectInfo<Scissors>,
    request: Request,
    next: Next,
) -> Response {
    let (head, body) = request.into_parts();
    let body = read(body).await;

    let method = head.method.as_str();
    let path = head.uri.path_and_query().map_or_else(|| head.uri.path(), |path| path.as_str());
    let now = server.state().clock.now();
    let number = server.log().open(now, method, path, body.as_ref().map_or(&[], |body| body));
    let fault = server.faults().pick(method, path, body.as_deref().unwrap_or_default());

    let answer = match fault {
        None => Some(act(&server, head, body, next).await),
        Some(fault) => spoil(&server, head, body, next, fault).await,
    };
    let Some(answer) = answer else {
        scissors.cut();
        // Something has to be returned; the cut line lets none of it out.
        return StatusCode::NO_CONTENT.into_response();
    };
    server.log().close(number, answer.status());
    answer
}

/// Does what a server without faults does.
async fn act(server: &Server, mut head: request::Parts, body: Result<Bytes, Refusal>, next: Next) -> Response {
    let allowed = |path: &str| -> Result<_, Refusal> {
        let base = server.base_path();
        if path.strip_prefix(base.as_str()).is_none_or(|rest| !rest.is_empty() && !rest.starts_with('/')) {
            return Err(Refusal::not_found(format!("not found: every path of this tenant starts with `{base}/`")));
        }
        server.state().keys.check(&head.headers)
    };
    match allowed(head.uri.path()).and_then(|access| Ok((access, body?))) {
        Err(refusal) => refusal.into_response(),
        Ok((access, body)) => {
            head.extensions.insert(access);
            next.run(Request::from_parts(head, body.into())).await
        }
    }
}

/// Does what the fault says. `None`: no answer leaves.
async fn spoil(
    server: &Server,
    head: request::Parts,
    body: Result<Bytes, Refusal>,
    next: Next,
    fault: Fault,
) -> Option<Response> {
    wait(server, fault.delay).await;
    let genuine = if fault.acts { Some(act(server, head, body, next).await) } else { None };
    wait(server, fault.hold).await;
    let mut answer = match (fault.ending, genuine) {
        (Ending::Answer { status, content_type, body }, _) => {
            (status, [(header::CONTENT_TYPE, content_type)], body).into_response()
        }
        (Ending::Genuine, Some(genuine)) => genuine,
        (Ending::Truncated, Some(genuine)) => truncate(genuine).await,
        (Ending::Nothing | Ending::Genuine | Ending::Truncated, _) => return None,
    };
    for (name, value) in fault.headers {
        answer.headers_mut().insert(name, value);
    }
    Some(answer)
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

/// Reads a body. One that is too large is read to its end and thrown away, so that the client gets to read the answer.
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
    }
    if size > MOST_BYTES {
        let detail = format!("the body has {size} bytes, at most {MOST_BYTES} are accepted");
        return Err(Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, detail));
    }
    Ok(kept.into())
}

/// Announces the whole body, sends half of it, and breaks off.
async fn truncate(answer: Response) -> Response {
    let (mut head, body) = answer.into_parts();
    // The answers of this server are in memory already: this neither waits nor fails.
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default();
    if body.is_empty() {
        return Response::from_parts(head, body.into());
    }
    head.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
    let half = stream::iter([Ok(body.slice(..body.len() / 2))]);
    // A pause lets the half go out: on an error the HTTP library would throw away what it has not yet written.
    let end = stream::once(async {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        Err(io::Error::from(io::ErrorKind::ConnectionAborted))
    });
    Response::from_parts(head, Body::from_stream(half.chain(end)))
}
