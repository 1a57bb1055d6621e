//! Three regions in one process: one app each, with a database of its own, and types that they share.
//!
//! ```text
//! cargo run --example regions -- dev --once
//! cargo run --example regions -- sync --app "Acme Europe"
//! ```
//!
//! The first app of a fleet registers the types; the others are its clones and register nothing. Each syncs and
//! carries out tasks on its own: once they run, a region that is down holds up no other.
//!
//! The databases are `americas.sqlite` and so on in the directory that `REGIONS_DIR` names, else in `./regions`.

// A program has no outside, so plain `pub` says enough.
#![allow(unreachable_pub)]

mod model;
mod region;
mod tasks;
#[cfg(test)]
mod tests;

use iden_bridge::{connector::Builder, prelude::*};

use model::{Employee, Team};
use region::Region;

fn region(app: &str, database: &'static str) -> Builder<Region> {
    Connector::builder(app, move |_: NoSettings| Region::open(database))
        .resource::<Team>()
        .resource::<Employee>()
        .tasks(tasks::all())
        .rehearsal(tasks::rehearse)
}

#[tokio::main]
async fn main() -> ExitCode {
    Fleet::of(region("Acme Americas", "americas"))
        .with_clone(region("Acme Europe", "europe"))
        .with_clone(region("Acme Asia", "asia"))
        .main()
        .await
}
