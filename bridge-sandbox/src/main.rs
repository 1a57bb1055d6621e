//! The `bridge-sandbox` program: see [`bridge_sandbox::program`].

use std::{env, process::ExitCode};

#[tokio::main]
async fn main() -> ExitCode {
    bridge_sandbox::program::main(env::args_os()).await
}
