//! `bridge`: what is needed before there is a connector. `bridge new` writes one, `bridge sandbox` serves a local Bridge API.

// A program has no outside, so plain `pub` says enough.
#![allow(unreachable_pub)]

mod library;
mod name;
mod project;
mod template;

use std::{
    ffi::OsString,
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
};

use clap::{Parser, Subcommand};

use library::Library;
use name::Name;
use project::Project;
use template::Template;

#[derive(Parser)]
#[command(
    name = "bridge",
    version,
    about = "Connectors for Iden's Bridge API: a new one, and a server to try it against"
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Writes a connector that compiles, has tests, and runs against a sandbox of its own
    New {
        /// The folder to make, which is also the connector's name: letters, digits and `-`
        name: Name,
        /// What the connector reads
        #[arg(long, value_enum, default_value_t = Template::Sql)]
        template: Template,
        /// A copy of the repository of iden-bridge to depend on [default: the one that this program was built from, where
        /// it is there still, else the registry]
        #[arg(long, value_name = "FOLDER")]
        library: Option<PathBuf>,
    },
    /// Serves a local Bridge API: `bridge sandbox --help` says how
    #[command(disable_help_flag = true)]
    Sandbox {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, hide = true)]
        arguments: Vec<OsString>,
    },
}

#[tokio::main]
async fn main() -> ExitCode {
    match Arguments::parse().command {
        Command::New { name, template, library } => new(name, template, library),
        Command::Sandbox { arguments } => {
            bridge_sandbox::program::main(std::iter::once("bridge sandbox".into()).chain(arguments)).await
        }
    }
}

fn new(name: Name, template: Template, library: Option<PathBuf>) -> ExitCode {
    let written = Library::find(library).and_then(|library| Project { name, template, library }.write());
    match written {
        Ok(said) => {
            // Whoever closes the pipe has read enough; the connector is there.
            let _ = writeln!(io::stdout(), "{said}");
            ExitCode::SUCCESS
        }
        Err(why) => {
            eprintln!("bridge: {why}");
            ExitCode::FAILURE
        }
    }
}
