//! The examples as programs: what they print, what they do to their systems, what Iden gets of it, how they end.
//!
//! `cargo test` builds the programs, `cargo test --test examples` does not: they are then those of the last build.

#![allow(clippy::unwrap_used, unreachable_pub)] // the helpers are no `#[test]`s, and are tests all the same

mod acme_hr;
#[cfg(unix)]
mod beside;
#[path = "../common/certificates.rs"]
mod certificates;
mod command_line;
mod csv_folder;
mod doctor;
#[cfg(unix)]
mod exit_codes;
#[path = "../common/hr_file.rs"]
mod hr_file;
mod json;
#[cfg(unix)]
mod ldap_directory;
#[cfg(unix)]
mod linux_host;
#[path = "../common/program.rs"]
mod program;
#[cfg(unix)]
#[path = "../common/pseudo_terminal.rs"]
mod pseudo_terminal;
mod quickstart;
mod regions;
mod rest_paged;
#[path = "../common/scrape.rs"]
mod scrape;
#[cfg(unix)]
mod served;
#[cfg(unix)]
mod signals;
#[cfg(unix)]
#[path = "../common/slapd.rs"]
mod slapd;
#[cfg(unix)]
mod state;
mod summary;
mod tasks;
#[cfg(unix)]
mod terminal;
