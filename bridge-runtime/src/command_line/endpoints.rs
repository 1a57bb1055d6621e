//! What a running connector serves: `/livez`, `/readyz`, `/metrics` and `/status`.

use std::{
    convert::Infallible,
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use http_body_util::Full;
use hyper::{
    Method, Request, Response, StatusCode,
    body::Incoming,
    header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HOST, HeaderValue},
    http::uri::Authority,
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpStream},
    runtime::Handle,
    task::spawn_blocking,
    time::{sleep, timeout},
};

use super::{
    connections::{Connections, Place},
    failure::Failure,
    results::Results,
    status::AppStatus,
};
use crate::{
    connector::ConnectorError,
    telemetry::{Health, PROMETHEUS_TEXT, Telemetry},
};

/// How long a request may take to arrive. A probe waits a second for its response.
const LONGEST_REQUEST: Duration = Duration::from_secs(1);
/// How long one of them may take, with its request.
const LONGEST: Duration = Duration::from_secs(10);
/// How long to wait where no connection can be accepted: files are short, and the engines need them.
const PAUSE: Duration = Duration::from_millis(200);

const TEXT: &str = "text/plain; charset=utf-8";
const JSON: &str = "application/json";

/// An app, and where `/status` finds it.
pub(super) struct Watched {
    pub(super) name: String,
    pub(super) folder: PathBuf,
    /// How many handlers it has.
    pub(super) handlers: usize,
    /// The protected ids of each type, by slug.
    pub(super) protected: Vec<(&'static str, Vec<String>)>,
}

impl Watched {
    /// Opens the journal, reads it and closes it on a thread of its own: the disk must not hold up the engines.
    async fn status(&self) -> Result<AppStatus, ConnectorError> {
        let (name, folder, handlers) = (self.name.clone(), self.folder.clone(), self.handlers);
        let protected = self.protected.clone();
        let runtime = Handle::current();
        let read = spawn_blocking(move || runtime.block_on(AppStatus::read(&name, folder, handlers, &protected)));
        read.await.unwrap_or_else(|error| Err(ConnectorError::Other(error.into())))
    }
}

/// The listener, with all that it tells.
pub(super) struct Endpoints {
    listener: TcpListener,
    told: Arc<Told>,
}

struct Told {
    /// Whether only this machine can connect.
    is_local: bool,
    telemetry: Telemetry,
    apps: Vec<Watched>,
}

impl Endpoints {
    /// Listens. An address that cannot be had is a matter of configuration.
    pub(super) async fn open(
        address: SocketAddr,
        telemetry: Telemetry,
        apps: Vec<Watched>,
    ) -> Result<Self, ConnectorError> {
        let taken = |error| {
            ConnectorError::Configuration(format!(
                "listen: {address} cannot be listened on: {error}. Name an address of this machine and a port that is free"
            ))
        };
        let listener = TcpListener::bind(address).await.map_err(taken)?;
        // The port that was found, where any was asked for.
        let address = listener.local_addr().map_err(taken)?;
        tracing::info!("serving http://{address}/livez, /readyz, /metrics and /status");
        let is_local = address.ip().is_loopback();
        Ok(Endpoints { listener, told: Arc::new(Told { is_local, telemetry, apps }) })
    }

    /// Serves; it never ends.
    pub(super) async fn serve(self) {
        let connections = Connections::default();
        loop {
            match self.listener.accept().await {
                Ok((stream, peer)) => {
                    let (told, place) = (Arc::clone(&self.told), connections.admit(peer.ip()));
                    tokio::spawn(told.serve(stream, place));
                    // A request that is here already is read before the next connection could take its place.
                    tokio::task::yield_now().await;
                }
                Err(error) => {
                    tracing::warn!(error = %error, "a connection could not be accepted");
                    sleep(PAUSE).await;
                }
            }
        }
    }
}

impl Told {
    /// Serves one request and closes the connection: an idle connection must not take the place of a probe.
    async fn serve(self: Arc<Self>, stream: TcpStream, place: Place) {
        let service = service_fn(|request: Request<Incoming>| {
            place.request_arrived();
            let told = Arc::clone(&self);
            async move {
                Ok::<_, Infallible>(match told.refuse_host(&request) {
                    Some(refusal) => refusal,
                    None => told.answer(request.method(), request.uri().path()).await,
                })
            }
        });
        let mut server = http1::Builder::new();
        server.keep_alive(false).timer(TokioTimer::new()).header_read_timeout(LONGEST_REQUEST).max_buf_size(16 * 1024);
        tokio::select! {
            served = timeout(LONGEST, server.serve_connection(TokioIo::new(stream), service)) => {
                if let Ok(Err(error)) = served {
                    tracing::debug!(error = %error, "a request could not be answered");
                }
            }
            () = place.shed() => tracing::debug!("a connection was closed to make room for a newer one"),
        }
    }

    /// Against DNS rebinding: a web page whose name was made to resolve to this machine must not read what is served here. A
    /// browser always sends the name; a client that sends none is not a browser.
    fn refuse_host(&self, request: &Request<Incoming>) -> Option<Response<Full<Bytes>>> {
        let host = request.headers().get(HOST).map(|host| host.to_str().unwrap_or("?"))?;
        if !self.is_local || is_loopback(host) {
            return None;
        }
        let words = "this address answers only to `localhost` and to loopback addresses\n".to_owned();
        Some(response(StatusCode::FORBIDDEN, TEXT, words))
    }

    async fn answer(&self, method: &Method, path: &str) -> Response<Full<Bytes>> {
        if !matches!(path, "/livez" | "/readyz" | "/metrics" | "/status") {
            return response(
                StatusCode::NOT_FOUND,
                TEXT,
                "there are /livez, /readyz, /metrics and /status\n".to_owned(),
            );
        }
        if method != Method::GET && method != Method::HEAD {
            let mut refused = response(StatusCode::METHOD_NOT_ALLOWED, TEXT, "only GET and HEAD\n".to_owned());
            refused.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
            return refused;
        }
        match path {
            "/livez" => health(&self.telemetry.liveness()),
            "/readyz" => {
                let names: Vec<&str> = self.apps.iter().map(|app| app.name.as_str()).collect();
                health(&self.telemetry.readiness(&names))
            }
            "/metrics" => response(StatusCode::OK, PROMETHEUS_TEXT, self.telemetry.prometheus()),
            _ => match self.status().await {
                Ok((status, document)) => response(status, JSON, document),
                Err(error) => response(StatusCode::INTERNAL_SERVER_ERROR, TEXT, format!("{error}\n")),
            },
        }
    }

    /// What `status --json` prints.
    async fn status(&self) -> Result<(StatusCode, String), ConnectorError> {
        let (mut status, mut results) = (StatusCode::OK, Results::default());
        for app in &self.apps {
            let name = &app.name;
            match app.status().await {
                Ok(one) => results.add(name, &one)?,
                Err(error) => {
                    status = StatusCode::INTERNAL_SERVER_ERROR;
                    results.fail(name, Failure::of(&error));
                }
            }
        }
        Ok((status, results.text(self.apps.len() > 1)?))
    }
}

/// Whether a `Host` header names this machine, with or without a port.
fn is_loopback(host: &str) -> bool {
    let Ok(authority) = host.parse::<Authority>() else { return false };
    let name = authority.host().trim_start_matches('[').trim_end_matches(']');
    name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

fn health(health: &Health) -> Response<Full<Bytes>> {
    let status = if health.is_good() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    response(status, TEXT, health.to_string())
}

fn response(status: StatusCode, kind: &'static str, body: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_this_machine_are_loopback() {
        for host in ["127.0.0.1:9480", "localhost:9480", "LOCALHOST", "[::1]:9480", "127.9.9.9"] {
            assert!(is_loopback(host), "{host}");
        }
        for host in ["evil.example:9480", "localhost.evil.example", "127.0.0.1.evil.example", "10.0.0.7", "", "?"] {
            assert!(!is_loopback(host), "{host}");
        }
    }
}
