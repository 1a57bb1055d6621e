//! How fast a large source is synced, and in how much memory: `cargo bench --bench throughput`.
//!
//! Pages answered after a delay, four on their way at once, leave a time that no connector can beat. The engine must come
//! close to it, and must not need more memory for more records. Server and connector are processes of their own, so that
//! the memory and processor time seen are the connector's.
//!
//! Without `--bench`, as `cargo test --all-targets` runs it, a few records show that it works; nothing is measured then.

#![allow(unreachable_pub)] // a program of its own

mod connector;
mod journal;
mod process;
mod server;
mod table;

use std::{env, error::Error, path::Path, process::ExitCode, time::Duration};

use process::{Server, Sync, sync};
use table::Row;

/// How long the server takes to answer a page.
const DELAY: Duration = Duration::from_millis(50);
/// How many pages are on their way at once, at most.
const IN_FLIGHT: u32 = 4;

/// The accounts of the large source and of the one that its memory is held against.
const MANY: u32 = 200_000;
const FEW: u32 = 2_000;

/// The most time that a sync may take, over the ideal.
const MOST_TIME: f64 = 1.15;
/// The most memory, in MB, that the large source may take over the small one.
const MOST_MEMORY: f64 = 10.0;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments[..] {
        ["serve"] => server::run(DELAY),
        ["sync", url, state, accounts] => connector::run(url, Path::new(state), accounts),
        _ if !Path::new("/proc/self/status").exists() => {
            println!("nothing is measured here: memory and processor time are read from Linux's /proc");
            Ok(())
        }
        _ if arguments.contains(&"--bench") => measure(),
        _ => try_out(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}

/// The first sync of a source, and a second one of the same state.
fn both(server: &Server, accounts: u32) -> Result<[Sync; 2], Box<dyn Error>> {
    let state = tempfile::tempdir()?;
    Ok([sync(server, state.path(), accounts)?, sync(server, state.path(), accounts)?])
}

fn try_out() -> Result<(), Box<dyn Error>> {
    let server = Server::start()?;
    both(&server, 300)?;
    println!("it works; `cargo bench --bench throughput` measures");
    Ok(())
}

fn measure() -> Result<(), Box<dyn Error>> {
    let server = Server::start()?;
    let few = both(&server, FEW)?;
    let many = both(&server, MANY)?;
    let rows = [
        Row::new("first", FEW, &few[0]),
        Row::new("second", FEW, &few[1]),
        Row::new("first", MANY, &many[0]),
        Row::new("second", MANY, &many[1]),
    ];
    table::print(&rows);
    journal::measure()?;
    let [few_first, few_second, many_first, many_second] = &rows;
    let mut over = Vec::new();
    for (few, many) in [(few_first, many_first), (few_second, many_second)] {
        if many.ratio() > MOST_TIME {
            over.push(format!("the {} sync took {:.2} x the ideal, {MOST_TIME} is the most", many.name, many.ratio()));
        }
        let grown = many.peak_megabytes - few.peak_megabytes;
        if grown > MOST_MEMORY {
            over.push(format!(
                "the {} sync took {grown:.1} MB more for {} records than for {}, {MOST_MEMORY} is the most",
                many.name, many.records, few.records
            ));
        }
    }
    if over.is_empty() { Ok(()) } else { Err(over.join("\n").into()) }
}
