//! The command line of every connector.

mod args;
mod command;
mod key;
mod logging;
mod print;
mod settings;
mod settings_file;
mod signals;
mod state_directory;
mod status;

use std::{ffi::OsString, process::ExitCode};

use clap::{CommandFactory, FromArgMatches};

use crate::connector::{Builder, ConnectorError, Exit, Fleet, FleetBuilder};
use args::Args;

impl<S: Send + Sync + 'static> Builder<S> {
    /// A complete command line: `run`, `sync`, `tasks`, `dev` and more; `--help` lists them. Reads the arguments, the
    /// environment and the configuration file, and answers with the exit code.
    pub async fn main(self) -> ExitCode {
        Fleet::of(self).main().await
    }

    /// As [`Builder::main`], with these arguments: for a program that has flags of its own and takes them out first. The
    /// first argument is the program's name.
    pub async fn main_from(self, args: impl IntoIterator<Item = OsString>) -> ExitCode {
        Fleet::of(self).main_from(args).await
    }
}

impl FleetBuilder {
    /// As [`Builder::main`], for every app of the fleet, or for the one that `--app` names.
    pub async fn main(self) -> ExitCode {
        self.main_from(std::env::args_os()).await
    }

    /// As [`Builder::main_from`].
    pub async fn main_from(self, args: impl IntoIterator<Item = OsString>) -> ExitCode {
        let args = parse(&self.names(), args);
        logging::start(&args);
        let result = match self.build() {
            Ok(fleet) => command::run(fleet, args).await,
            Err(error) => Err(error),
        };
        match result {
            Ok(exit) => exit.into(),
            Err(error) => fail(&error),
        }
    }
}

/// Parses the arguments; what is wrong with them, and `--help`, end the process here.
fn parse(names: &[&str], args: impl IntoIterator<Item = OsString>) -> Args {
    let about = format!("{}: a connector for Iden's Bridge API", names.join(", "));
    let matches = Args::command().about(about).get_matches_from(args);
    Args::from_arg_matches(&matches).unwrap_or_else(|error| error.exit())
}

/// Says on standard error what went wrong and what to do about it.
fn fail(error: &ConnectorError) -> ExitCode {
    eprintln!("error: {error}");
    if let Some(hint) = error.hint() {
        eprintln!(" hint: {hint}");
    }
    Exit::of(error).into()
}
