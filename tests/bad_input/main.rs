//! Bad input from all three sides, and what must come of it. The cases are data, in `corpus/*/*.toml`; each says what is sent
//! and what is expected, from the protocol and not from the code. The files begin with how to read them.
//!
//! | cases | sent by | go to |
//! |---|---|---|
//! | `corpus/answers` | a server | each call of the client |
//! | `corpus/syncs` | a server | a whole sync, and a round of tasks |
//! | `corpus/records` | a source | the sandbox, which must show exactly what was sent |
//! | `corpus/reads` | a source whose pages go wrong | a sync; nobody who is there may be removed |
#![allow(clippy::unwrap_used, unreachable_pub)] // helpers of tests

mod answers;
mod calls;
mod corpus;
mod server;
