//! Spans to an OpenTelemetry collector, by OTLP over HTTP. `docs/telemetry.md` says which spans there are, and what stands
//! in them; nothing else leaves.

use std::{
    env,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    time::Duration,
};

use async_trait::async_trait;
use bridge_core::BoxError;
use bytes::{Bytes, BytesMut};
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_http::{HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{ExporterBuildError, SpanExporter, WithHttpConfig as _};
use opentelemetry_sdk::{Resource, trace::SdkTracerProvider};
use tokio::runtime::Handle;
use tracing::Subscriber;
use tracing_subscriber::{Layer, filter::filter_fn, registry::LookupSpan};

use crate::client::HttpOptions;

/// The variables that name a collector; without one of them nothing is sent. The exporter reads them, and others, itself.
const ENDPOINTS: [&str; 2] = ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"];
/// How long a collector may take for an answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long the last spans are waited for. The connector has ended by then.
const FLUSHED_WITHIN: Duration = Duration::from_secs(2);
/// An answer is empty, or says how many spans were not taken.
const LARGEST_ANSWER: usize = 64 * 1024;

/// Spans on their way to a collector.
pub(super) struct Spans(SdkTracerProvider);

impl Spans {
    /// Starts, where the environment names a collector. `program` is its name there, if the environment has no other.
    pub(super) fn start(program: &str) -> Option<Result<Self, BoxError>> {
        let set = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
        let endpoint = ENDPOINTS.into_iter().find_map(set)?;
        let off = set("OTEL_SDK_DISABLED").is_some_and(|off| off.eq_ignore_ascii_case("true"));
        (!off).then(|| Self::to(&endpoint, program))
    }

    fn to(endpoint: &str, program: &str) -> Result<Self, BoxError> {
        let exporter = SpanExporter::builder().with_http().with_http_client(Collector::at(endpoint)?);
        let exporter = exporter.build().map_err(|error: ExporterBuildError| error.to_string())?;
        let mut resource = Resource::builder();
        let attributes = env::var("OTEL_RESOURCE_ATTRIBUTES").unwrap_or_default();
        if env::var_os("OTEL_SERVICE_NAME").is_none() && !attributes.contains("service.name=") {
            resource = resource.with_service_name(program.to_owned());
        }
        let provider = SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource.build());
        Ok(Spans(provider.build()))
    }

    /// Takes the spans of this framework, whatever is logged. No event becomes part of a span: it can say anything.
    pub(super) fn layer<S>(&self) -> impl Layer<S> + use<S>
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        let layer = tracing_opentelemetry::layer().with_tracer(self.0.tracer("iden-bridge"));
        let layer = layer.with_location(false).with_threads(false).with_target(false).with_tracked_inactivity(false);
        layer.with_filter(filter_fn(|metadata| metadata.is_span() && metadata.name().starts_with("bridge.")))
    }

    /// Sends what is left, within two seconds.
    pub(super) async fn flush(self) {
        // It blocks until the exporter's thread has sent them, and that needs this runtime.
        let flushed = tokio::task::spawn_blocking(move || self.0.shutdown_with_timeout(FLUSHED_WITHIN));
        if !matches!(tokio::time::timeout(FLUSHED_WITHIN, flushed).await, Ok(Ok(Ok(())))) {
            tracing::debug!("the last spans did not reach the collector");
        }
    }
}

/// The collector, through our own HTTP.
#[derive(Debug)]
struct Collector {
    client: reqwest::Client,
    /// The exporter calls from a thread of its own.
    runtime: Handle,
    /// Whether the failure was told; it is told once until the collector answers again.
    told: AtomicBool,
}

impl Collector {
    fn at(endpoint: &str) -> Result<Self, BoxError> {
        let endpoint: url::Url = endpoint.parse()?;
        let secure = endpoint.scheme() == "https";
        let client = HttpOptions::default().client(secure, !secure)?;
        Ok(Collector { client, runtime: Handle::try_current()?, told: AtomicBool::default() })
    }

    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let mut request = reqwest::Request::try_from(request)?;
        *request.timeout_mut() = Some(PATIENCE);
        let client = self.client.clone();
        let answer = self.runtime.spawn(async move { read(client.execute(request).await?).await });
        answer.await?.map_err(|error| error.without_url().into())
    }
}

async fn read(mut answer: reqwest::Response) -> Result<Response<Bytes>, reqwest::Error> {
    let mut body = BytesMut::new();
    while let Some(part) = answer.chunk().await? {
        let room = LARGEST_ANSWER - body.len();
        body.extend_from_slice(&part[..part.len().min(room)]);
    }
    let mut response = Response::new(body.freeze());
    (*response.status_mut(), *response.headers_mut()) = (answer.status(), answer.headers().clone());
    Ok(response)
}

#[async_trait]
impl HttpClient for Collector {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let answer = self.send(request).await;
        let failure = match &answer {
            Ok(answer) if answer.status().is_success() => None,
            Ok(answer) => Some(format!("it answered {}", answer.status())),
            Err(error) => Some(error.to_string()),
        };
        match failure {
            None => self.told.store(false, Relaxed),
            Some(why) if !self.told.swap(true, Relaxed) => {
                tracing::warn!(
                    "the collector of OTEL_EXPORTER_OTLP_ENDPOINT takes no spans; the connector goes on: {why}"
                );
            }
            Some(_) => {}
        }
        answer
    }
}
