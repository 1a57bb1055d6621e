//! What a running connector serves: `/livez`, `/readyz`, `/metrics` and `/status`.

use std::{convert::Infallible, net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use bytes::Bytes;
use http_body_util::Full;
use hyper::{
    Method, Request, Response, StatusCode,
    body::Incoming,
    header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderValue},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    time::{sleep, timeout},
};

use super::{failure::Failure, results::Results, status::AppStatus};
use crate::{
    connector::ConnectorError,
    telemetry::{Health, PROMETHEUS_TEXT, Telemetry},
};

/// How many are served at once. Probes and scrapes are few, and short.
const AT_ONCE: usize = 64;
/// How long a request may take to arrive: a probe waits a second for its answer, and whoever connects and says nothing must
/// not take its place for longer.
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
}

/// The listener, with all that it tells.
pub(super) struct Endpoints {
    listener: TcpListener,
    told: Arc<Told>,
}

struct Told {
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
        Ok(Endpoints { listener, told: Arc::new(Told { telemetry, apps }) })
    }

    /// Serves; it never ends.
    pub(super) async fn serve(self) {
        let places = Arc::new(Semaphore::new(AT_ONCE));
        loop {
            let place = Arc::clone(&places).acquire_owned().await.expect("nobody closes it");
            match self.listener.accept().await {
                Ok((stream, _)) => {
                    let told = Arc::clone(&self.told);
                    tokio::spawn(async move {
                        told.serve(stream).await;
                        drop(place);
                    });
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
    /// One request, and the connection closes: whoever keeps it open must not take the place of a probe.
    async fn serve(self: Arc<Self>, stream: TcpStream) {
        let service = service_fn(|request: Request<Incoming>| {
            let told = Arc::clone(&self);
            async move { Ok::<_, Infallible>(told.answer(request.method(), request.uri().path()).await) }
        });
        let mut server = http1::Builder::new();
        server.keep_alive(false).timer(TokioTimer::new()).header_read_timeout(LONGEST_REQUEST).max_buf_size(16 * 1024);
        let served = timeout(LONGEST, server.serve_connection(TokioIo::new(stream), service)).await;
        if let Ok(Err(error)) = served {
            tracing::debug!(error = %error, "a request could not be answered");
        }
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
        for Watched { name, folder, handlers } in &self.apps {
            match AppStatus::read(name, folder.clone(), *handlers).await {
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
