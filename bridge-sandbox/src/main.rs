//! The `bridge-sandbox` program: a local Bridge server for a connector under development.

use std::io;
use std::net::SocketAddr;
use std::process::ExitCode;

use bridge_sandbox::Sandbox;
use clap::Parser;

const ABOUT: &str = "\
A strict, local Bridge server for the development of connectors.

It behaves as Iden's Bridge API does, errors included, and holds everything in memory: when it ends, all is forgotten. Start it, \
paste the two lines that it prints into the shell of your connector, and run the connector.";

const EXAMPLES: &str = "\
Examples:
  Start with a fixed key, so that the two lines stay the same:
    bridge-sandbox --api-key dev

  Create an app, and see it in the Lighthouse API:
    curl -H 'Authorization: Api-Key dev' -H 'Content-Type: application/json' \\
         -d '{\"name\": \"Acme HR\"}' http://127.0.0.1:8480/org/acme/api/v1/bridge/apps/
    curl -H 'Authorization: Api-Key dev' http://127.0.0.1:8480/org/acme/api/apps/

Ctrl-C ends it.";

#[derive(Parser)]
#[command(version, about = "A strict, local Bridge server", long_about = ABOUT, after_long_help = EXAMPLES)]
struct Arguments {
    /// Where to listen; port 0 takes a free one
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:8480")]
    listen: SocketAddr,

    /// The API key that is accepted [default: a new one at each start]
    #[arg(long, value_name = "KEY")]
    api_key: Option<String>,

    /// The tenant's slug, part of every URL
    #[arg(long, value_name = "SLUG", default_value = "acme")]
    tenant: String,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
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

async fn run(arguments: Arguments) -> io::Result<()> {
    let mut builder = Sandbox::builder().listen(arguments.listen).tenant(arguments.tenant);
    if let Some(key) = arguments.api_key {
        builder = builder.api_key(key);
    }
    // Before the lines below: whoever reads them may send the signal at once.
    let stopped = stopped()?;
    let sandbox = builder.start().await?;
    println!("export BRIDGE_URL={}", sandbox.base_url());
    println!("export BRIDGE_API_KEY={}", sandbox.api_key());
    stopped.await;
    sandbox.shutdown().await;
    Ok(())
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
