//! How many page pushes the sandbox takes, and how long the console's reads last with 100,000 records.
//!
//! `cargo bench -p bridge-sandbox`. It fails below 20,000 pages of 100 accounts a minute, and where a read takes 200 ms.

#[path = "../tests/common/mod.rs"]
mod common;
#[path = "../tests/common/load.rs"]
mod load;

use std::time::Duration;

use bridge_sandbox::Sandbox;

/// Pages a minute that have to be accepted.
const LEAST: f64 = 20_000.0;
/// What a read may take.
const MOST: Duration = Duration::from_millis(200);

#[tokio::main]
async fn main() {
    let folder = tempfile::TempDir::new().expect("a folder for the state");
    for (kind, builder) in [
        ("in memory", Sandbox::builder()),
        ("with a state file", Sandbox::builder().state_file(folder.path().join("state"))),
    ] {
        let sandbox = builder.start().await.expect("a free port");
        let (client, app) = common::equip(&sandbox).await;
        let session = client.start(&app).await;
        load::push_teams(&client, &session).await;
        for turn in ["new records", "unchanged records"] {
            let time = load::push(&client, &session, 0..1_000, 4).await;
            let rate = 1_000.0 / time.as_secs_f64() * 60.0;
            println!("{kind}, {turn}: {rate:.0} pages of 100 accounts a minute");
            assert!(rate >= LEAST, "at least {LEAST} have to be accepted");
        }
        client.complete(&session).await;
        for (what, time) in load::looks(&app) {
            println!("{kind}, {what}: {time:.1?}");
            assert!(time < MOST, "at most {MOST:?} may be taken");
        }
        sandbox.shutdown().await;
    }
    println!("peak memory: {}", peak_memory());
}

/// What the operating system says, where it says so in Linux's way.
fn peak_memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    peak.map_or_else(|| "unknown".to_owned(), |peak| peak.trim().to_owned())
}
