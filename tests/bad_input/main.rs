//! Bad input from all three sides, and what must come of it. The cases are data, in `corpus/*/*.toml`; each says what is sent
//! and what is expected, from the protocol and not from the code. The files begin with how to read them.
//!
//! | cases | sent by | go to |
//! |---|---|---|
//! | `corpus/answers` | a server | each call of the client |
//! | `corpus/syncs` | a server | a whole sync |
//! | `corpus/tasks` | a server | a round of tasks |
//! | `corpus/records` | a source | the sandbox, which must show exactly what was sent |
//! | `corpus/reads` | a source whose pages go wrong | a sync; nobody who is there may be removed |
#![allow(clippy::unwrap_used, unreachable_pub)] // helpers of tests

mod answers;
mod calls;
#[allow(dead_code)] // what these tests do not use
#[path = "../end_to_end/company.rs"]
mod company;
mod corpus;
mod in_a_round;
mod in_a_sync;
mod lists;
mod meddler;
mod people;
mod reads;
mod records;
mod server;
mod side_by_side;
#[allow(dead_code)]
#[path = "../end_to_end/time.rs"]
mod time;
#[allow(dead_code)]
#[path = "../end_to_end/trouble.rs"]
mod trouble;
