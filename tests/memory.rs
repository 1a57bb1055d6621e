//! A page and a few records on their way are in memory, whatever the size of the source.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used)] // helpers of a test

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use async_trait::async_trait;
use iden_bridge::{
    client::{ApiKey, Method, Request, Response, Transport, TransportError},
    connector::{Connector, Target},
    prelude::*,
};
use serde_json::{Value, json};

use tokio_util::sync::CancellationToken;

#[derive(BridgeResource)]
#[bridge(account)]
struct Employee {
    id: u32,
    email: String,
    first_name: &'static str,
    display_name: String,
}

/// A server that counts and keeps nothing, so that the memory seen is the connector's own.
#[derive(Default)]
struct Sink {
    records: AtomicUsize,
    completed: AtomicBool,
    peak: AtomicUsize,
}

const ID: &str = "6f4b0d4e-4b3f-4b6e-9a57-1d3f2c1b0a99";

#[async_trait]
impl Transport for Sink {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        let path = request.url.path().to_owned();
        let pushed = self.records.load(Ordering::SeqCst);
        let answer = match request.method {
            Method::Get if path.contains("/sync/") => {
                let progress = json!([{"slug": "employee", "name": "", "type": "account", "synced_count": pushed}]);
                let status = if self.completed.load(Ordering::SeqCst) { "completed" } else { "in_progress" };
                json!({"sync_id": ID, "status": status, "progress": progress})
            }
            Method::Get => json!({"count": 0, "next": null, "previous": null, "results": []}),
            Method::Put => {
                let page: Value = serde_json::from_slice(&request.body.unwrap()).unwrap();
                let length = page["records"].as_array().unwrap().len();
                self.records.fetch_add(length, Ordering::SeqCst);
                self.peak.fetch_max(resident_kilobytes(), Ordering::SeqCst);
                json!({"total": length, "created": length, "updated": 0})
            }
            _ if path.ends_with("/sync/") => json!({"sync_id": ID}),
            _ if path.ends_with("/complete/") => {
                self.completed.store(true, Ordering::SeqCst);
                return Ok(Response::new(202, ""));
            }
            _ => json!({"id": ID, "slug": "employee", "name": "Employees", "type": "account"}),
        };
        Ok(Response::json(201, answer.to_string()))
    }
}

/// What of this process is in memory: the second figure of `/proc/self/statm`, in pages of 4 KiB.
fn resident_kilobytes() -> usize {
    let figures = std::fs::read_to_string("/proc/self/statm").unwrap();
    figures.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4
}

/// Makes its people while it is read.
struct Generated(u32);

impl Source<Employee> for Generated {
    async fn read(&self, out: &Out<Employee>) -> Result<(), SourceError> {
        for id in 1..=self.0 {
            let (email, display_name) =
                (format!("p{id}@acme.example"), format!("Person number {id} of a large company"));
            out.push(Employee { id, email, first_name: "Ada", display_name }).await;
        }
        Ok(())
    }
}

async fn peak_of(people: u32) -> usize {
    let (sink, state) = (Arc::new(Sink::default()), tempfile::tempdir().unwrap());
    let open = move |_: NoSettings| async move { Ok::<_, std::io::Error>(Generated(people)) };
    let connector = Connector::builder("Generated", open).resource::<Employee>().build().unwrap();
    let target = Target::new("http://127.0.0.1:9/org/acme".parse().unwrap(), ApiKey::new("k").unwrap(), state.path());
    let connector = connector.attach(&target.transport(sink.clone()), json!({})).await.unwrap();
    assert!(connector.sync(&CancellationToken::new()).await.unwrap().completed);
    assert_eq!(sink.records.load(Ordering::SeqCst), people as usize);
    sink.peak.load(Ordering::SeqCst)
}

#[tokio::test]
async fn memory_does_not_grow_with_the_source() {
    // Warms up what is allocated once.
    peak_of(2_000).await;
    let small = peak_of(2_000).await;
    let large = peak_of(100_000).await;
    let grown = large.saturating_sub(small);
    println!("resident at most: {small} kB with 2,000 records, {large} kB with 100,000");
    // This program has no other test, so the figures are this one's. 100,000 records kept would be some 30 MB; the caches of
    // the journal grow up to 4 MB.
    assert!(grown < 10_000, "2,000 records: {small} kB, 100,000 records: {large} kB");
}
