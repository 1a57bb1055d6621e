//! This machine's users and groups, from `/etc/passwd` and `/etc/group`.
//!
//! ```text
//! cargo run --example linux_host -- dev --once
//! ```
//!
//! Tasks are printed, not carried out, and reported failed with `dry_run`. With `--apply`, and as root, they are carried
//! out: `linux_host run --apply`.
//!
//! Run it as the same user always: whether an account has expired stands in `/etc/shadow`, which only root may read.
//! `LINUX_HOST_ROOT` names a directory that stands for `/`: an image, or the fixture of a test.

// A program has no outside, so plain `pub` says enough.
#![allow(unreachable_pub)]

mod command_line;
mod error;
mod etc;
mod host;
mod model;
mod name;
mod rehearsal;
mod source;
mod tasks;
#[cfg(test)]
mod tests;

use std::env;

use iden_bridge::prelude::*;

use host::Host;
use model::{UnixGroup, User};

#[tokio::main]
async fn main() -> ExitCode {
    // A flag of this program's own: taken out before the framework reads the others.
    let (apply, arguments): (Vec<_>, Vec<_>) = env::args_os().partition(|argument| argument == "--apply");
    let apply = !apply.is_empty();
    Connector::builder("Linux host", move |_: NoSettings| Host::open(apply))
        .resource::<UnixGroup>()
        .resource::<User>()
        .tasks(tasks::all())
        .rehearsal(rehearsal::queue)
        .main_from(arguments)
        .await
}
