//! The `bridge-sandbox` program: a local Bridge server for a connector under development. It is here and not in `main.rs` so that
//! `bridge sandbox` is the same.

use std::ffi::OsString;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser};

use crate::{Assumptions, Sandbox};

const ABOUT: &str = "\
A strict, local Bridge server for the development of connectors, in any language.

It behaves as Iden's Bridge API does, errors included. Start it, paste the two lines that it prints first into the shell of your \
connector, and run the connector. Its console, in a browser, shows what it holds, which session changed what, and every request.

Without --state it holds everything in memory: when it ends, all is forgotten.";

const EXAMPLES: &str = "\
Examples:
  Start with a fixed key, so that the two lines stay the same:
    bridge-sandbox --api-key dev

  Create an app, and see it in the Lighthouse API:
    curl -H 'Authorization: Api-Key dev' -H 'Content-Type: application/json' \\
         -d '{\"name\": \"Acme HR\"}' http://127.0.0.1:8480/org/acme/api/v1/bridge/apps/
    curl -H 'Authorization: Api-Key dev' http://127.0.0.1:8480/org/acme/api/apps/

  Begin with apps, records and tasks, and keep what becomes of them:
    bridge-sandbox --seed acme.toml --state acme.state

  Let every fifth page fail, the same ones in each run:
    printf '[[fault]]\\nmethod = \"PUT\"\\nprobability = 0.2\\nstatus = 503\\n' > faults.toml
    bridge-sandbox --faults faults.toml --fault-seed 7

  What is Iden's answer to an open question of the protocol? Try both:
    bridge-sandbox --assume several_sessions=false --assume session_expires_after=30m

docs/sandbox.md walks through all of it with curl, and shows the files. Ctrl-C ends it.";

#[derive(Parser)]
#[command(version, about = "A strict, local Bridge server", long_about = ABOUT)]
struct Arguments {
    /// Where to listen; port 0 takes a free one
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:8480")]
    listen: SocketAddr,

    /// The API key that is accepted [default: a new one, or the one that the state file holds]
    #[arg(long, value_name = "KEY")]
    api_key: Option<String>,

    /// The tenant's slug, part of every URL
    #[arg(long, value_name = "SLUG", default_value = "acme")]
    tenant: String,

    /// One more tenant, with its key; may be given several times
    #[arg(long, value_name = "SLUG=KEY", value_parser = pair)]
    also_tenant: Vec<(String, String)>,

    /// A file to keep the state in, also when the program is killed
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,

    /// What to hold from the start: apps, types, records, tasks, keys, assumptions (TOML, or JSON as `.json`)
    #[arg(long, value_name = "FILE")]
    seed: Option<PathBuf>,

    /// What goes wrong: a list of faults (TOML, or JSON as `.json`)
    #[arg(long, value_name = "FILE")]
    faults: Option<PathBuf>,

    /// Repeats which requests a fault with a probability meets [default: a new one, printed]
    #[arg(long, value_name = "NUMBER")]
    fault_seed: Option<u64>,

    /// The answer to an open question of the protocol; may be given several times. `--help` lists them
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair)]
    assume: Vec<(String, String)>,
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("expected `NAME=VALUE`: there is no `=`")?;
    Ok((name.to_owned(), value.to_owned()))
}

/// Serves until Ctrl-C or SIGTERM. `arguments` are those of a command line, the program's name included; wrong ones, and those
/// that ask for help, end the process as usual: with 2 and 0.
pub async fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let command = Arguments::command().after_long_help(format!("{}\n\n{EXAMPLES}", assumptions()));
    let arguments = command.try_get_matches_from(arguments).and_then(|matches| Arguments::from_arg_matches(&matches));
    match run(arguments.unwrap_or_else(|error| error.exit())).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bridge-sandbox: {error}");
            if error.kind() == io::ErrorKind::AddrInUse {
                eprintln!(
                    "Another program listens there. Choose another port, or a free one with `--listen 127.0.0.1:0`."
                );
            }
            ExitCode::FAILURE
        }
    }
}

/// Every assumption with its default and its meaning, for the help.
fn assumptions() -> String {
    let list = Assumptions::default().list();
    let lines: Vec<_> = list.iter().map(|one| format!("  {}={}\n      {}", one.name, one.value, one.meaning)).collect();
    format!("Assumptions, with their defaults:\n{}", lines.join("\n"))
}

async fn run(arguments: Arguments) -> io::Result<()> {
    let mut builder = Sandbox::builder().listen(arguments.listen).tenant(arguments.tenant);
    if let Some(key) = arguments.api_key {
        builder = builder.api_key(key);
    }
    for (slug, key) in arguments.also_tenant {
        builder = builder.also_tenant(slug, key);
    }
    if let Some(path) = arguments.state {
        builder = builder.state_file(path);
    }
    if let Some(path) = arguments.seed {
        builder = builder.seed_file(path);
    }
    if let Some(path) = arguments.faults {
        builder = builder.fault_file(path);
    }
    if let Some(seed) = arguments.fault_seed {
        builder = builder.fault_seed(seed);
    }
    for (name, value) in arguments.assume {
        builder = builder.assume(name, value);
    }
    // Before the lines below: whoever reads them may send the signal at once.
    let stopped = stopped()?;
    let sandbox = builder.start().await?;
    introduce(&sandbox);
    stopped.await;
    sandbox.shutdown().await;
    Ok(())
}

/// Prints what a connector and its developer need to know, as lines for a shell.
fn introduce(sandbox: &Sandbox) {
    let mut lines = vec![
        format!("export BRIDGE_URL={}", sandbox.base_url()),
        format!("export BRIDGE_API_KEY={}", sandbox.api_key()),
        format!("# console: {}", sandbox.console_url()),
    ];
    let others = sandbox.tenants().iter().filter(|tenant| tenant.base_url() != sandbox.base_url());
    lines.extend(others.map(|tenant| {
        let (slug, url, key) = (tenant.slug(), tenant.base_url(), tenant.api_key());
        format!("# tenant {slug}: BRIDGE_URL={url} BRIDGE_API_KEY={key}")
    }));
    let faults = sandbox.faults().len();
    if faults > 0 {
        lines.push(format!("# {faults} faults, --fault-seed {}", sandbox.fault_seed()));
    }
    lines.push(String::new());
    // Whoever started it may read two lines and close the pipe: it serves all the same.
    let _ = io::stdout().write_all(lines.join("\n").as_bytes());
}

/// Resolves on Ctrl-C and on SIGTERM. Both are caught from this call on, not from the first poll.
#[cfg(unix)]
fn stopped() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Resolves on Ctrl-C.
#[cfg(not(unix))]
fn stopped() -> io::Result<impl Future<Output = ()>> {
    Ok(async {
        // Where Ctrl-C cannot be listened for, its default ends the program.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    })
}
