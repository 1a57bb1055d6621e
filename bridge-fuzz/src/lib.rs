//! The bodies of the fuzz targets: each takes any bytes, and panics where a promise is broken.
//!
//! `fuzz/fuzz_targets` hands them to libFuzzer. `tests/fuzz_corpus.rs` runs the same functions over the seed corpus and
//! some thousand mutations of it, on the toolchain of the other tests.
#![allow(clippy::unwrap_used)] // a target is a test
#![allow(clippy::missing_panics_doc)] // panicking is what they are for

mod address;
mod answer;
mod api_key;
mod client;
mod cron;
mod ids;
mod input;
mod journal;
pub mod mutator;
mod payload;
mod promise;
mod record;
mod resources;
mod sandbox;
mod settings;
mod wait;
mod wire;

pub use address::{base_url, url_building};
pub use answer::answer;
pub use api_key::api_key;
pub use cron::cron;
pub use ids::ids;
pub use journal::journal_values;
pub use payload::task_payload;
pub use record::record;
pub use sandbox::sandbox_files;
pub use settings::settings;
pub use wait::header as retry_after;
pub use wire::{error_body, sync_progress, task_list};

/// The body of a target.
pub type Body = fn(&[u8]);

/// Every target, by the name of its file under `fuzz/fuzz_targets` and of its folder under `fuzz/corpus`.
pub const TARGETS: [(&str, Body); 16] = [
    ("answer", answer),
    ("api_key", api_key),
    ("base_url", base_url),
    ("cron", cron),
    ("error_body", error_body),
    ("ids", ids),
    ("journal_values", journal_values),
    ("lanes", lanes),
    ("record", record),
    ("retry_after", retry_after),
    ("sandbox_files", sandbox_files),
    ("settings", settings),
    ("sync_progress", sync_progress),
    ("task_list", task_list),
    ("task_payload", task_payload),
    ("url_building", url_building),
];

/// Whatever comes and goes in whatever order: the lanes give out what the plain model gives out.
pub fn lanes(data: &[u8]) {
    bridge_runtime::fuzzing::lanes(data);
}
