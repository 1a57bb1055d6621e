//! Trouble on the wire: a proxy of our own stands between the client and the sandbox, and cuts, drips and garbles.
//!
//! | file | asks |
//! |---|---|
//! | `calls.rs`, `scenarios.rs` | what a single call comes to: tried again or not, and whether it says that its outcome is unknown |
//! | `syncs.rs`, `rounds.rs` | whole syncs and rounds of tasks: nobody is removed, and effects happen once |
//! | `tls.rs` | whom the client trusts |
//! | `http2.rs` | a server that goes away in the middle |
#![allow(clippy::unwrap_used, unreachable_pub)] // helpers of tests

mod calls;
#[path = "../common/certificates.rs"]
mod certificates;
#[allow(dead_code)] // what these tests do not use
#[path = "../end_to_end/company.rs"]
mod company;
mod fault;
mod gzip;
mod http2;
mod proxy;
mod rounds;
mod scenarios;
#[allow(dead_code)]
#[path = "../bad_input/side_by_side.rs"]
mod side_by_side;
mod syncs;
#[allow(dead_code)]
#[path = "../end_to_end/time.rs"]
mod time;
mod tls;
#[allow(dead_code)]
#[path = "../end_to_end/trouble.rs"]
mod trouble;
