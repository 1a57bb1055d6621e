//! A collector on this machine, which keeps what it gets.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use axum::{Router, body::Bytes, http::StatusCode, routing::post};
use tokio::net::TcpListener;

use crate::protobuf::Message;

/// A span as it came, by opentelemetry-proto's trace.proto.
#[derive(Debug)]
pub struct Span {
    pub service: String,
    pub trace: Vec<u8>,
    pub id: Vec<u8>,
    pub parent: Vec<u8>,
    pub name: String,
    pub attributes: BTreeMap<String, String>,
    pub events: usize,
}

pub struct Collector {
    pub url: String,
    bodies: Arc<Mutex<Vec<Bytes>>>,
}

impl Collector {
    /// Starts one that answers with this status.
    pub async fn start(status: u16) -> Self {
        let bodies = Arc::<Mutex<Vec<Bytes>>>::default();
        let kept = Arc::clone(&bodies);
        let status = StatusCode::from_u16(status).unwrap();
        let take = move |body: Bytes| async move {
            kept.lock().unwrap().push(body);
            status
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let served = axum::serve(listener, Router::new().route("/v1/traces", post(take)));
        tokio::spawn(async move { served.await.unwrap() });
        Collector { url, bodies }
    }

    /// Whether this stands anywhere in what it got.
    pub fn heard(&self, text: &str) -> bool {
        self.bodies.lock().unwrap().iter().any(|body| body.windows(text.len()).any(|part| part == text.as_bytes()))
    }

    pub fn spans(&self) -> Vec<Span> {
        let bodies = self.bodies.lock().unwrap();
        let resources = bodies.iter().flat_map(|body| Message::of(body).messages(1));
        resources.flat_map(|resource| spans_of(&resource)).collect()
    }
}

/// Of one `ResourceSpans`.
fn spans_of(resource: &Message<'_>) -> Vec<Span> {
    let service = resource.messages(1).flat_map(|one| attributes(&one, 1)).find(|(key, _)| key == "service.name");
    let service = service.map(|(_, value)| value).unwrap_or_default();
    let spans = resource.messages(2).flat_map(|scope| scope.messages(2).collect::<Vec<_>>());
    spans
        .map(|span| Span {
            service: service.clone(),
            trace: span.bytes(1).to_vec(),
            id: span.bytes(2).to_vec(),
            parent: span.bytes(4).to_vec(),
            name: span.text(5),
            attributes: attributes(&span, 9).collect(),
            events: span.messages(11).count(),
        })
        .collect()
}

/// The `KeyValue`s in this field. A value is a text in field 1, else a whole number in field 3 or a truth value in field 2.
fn attributes<'a>(of: &Message<'a>, field: u64) -> impl Iterator<Item = (String, String)> + use<'a> {
    of.messages(field).map(|pair| {
        let value = pair.messages(2).next().expect("it has a value");
        let number = value.number(3).or(value.number(2)).map(|number| number.to_string());
        (pair.text(1), number.unwrap_or_else(|| value.text(1)))
    })
}
