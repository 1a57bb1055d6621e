//! The guide in `docs/guide` is true where no compiler reads it: its settings, its commands, its links, and what it quotes.
//! Its programs are doc tests; the commands of `bridge` are tried in `bridge-cli/tests/book.rs`.

#![allow(clippy::unwrap_used, unreachable_pub)] // the helpers are no `#[test]`s, and are tests all the same

mod assumptions;
#[path = "../../bridge-sandbox/tests/guide/blocks.rs"]
mod blocks;
mod commands;
mod links;
mod pages;
#[allow(dead_code)] // what these tests do not use
#[path = "../common/program.rs"]
mod program;
mod quotes;
#[cfg(unix)]
mod security;
mod settings;
