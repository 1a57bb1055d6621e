//! The command line of every connector.

mod args;
mod ask;
mod command;
#[cfg(feature = "fuzzing")]
mod decided;
mod history;
mod key;
mod logging;
mod outlook;
mod print;
mod settings;
mod settings_file;
mod signals;
mod state_directory;
mod status;
mod tasks;

use std::{
    ffi::OsString,
    io::{self, Write as _},
    process::ExitCode,
};

use clap::{CommandFactory, FromArgMatches};

use crate::connector::{Builder, ConnectorError, Exit, Fleet, FleetBuilder};
use args::Args;
#[cfg(feature = "fuzzing")]
pub use decided::Decided;
use signals::Signals;

impl<S: Send + Sync + 'static> Builder<S> {
    /// A complete command line: `run`, `sync`, `tasks`, `dev` and more; `--help` lists them. Reads the arguments, the
    /// environment and the configuration file, and answers with the exit code.
    ///
    /// It is the whole program. A command that opens the external system ends the process itself, once everything is
    /// dropped: blocking work of a handler or a reader may still go on, and a return from `main` would wait for it, for
    /// ever. A program that has more to do afterwards builds the connector and attaches it:
    /// [`Connector::attach`](crate::connector::Connector::attach).
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
        if !args.command.opens_the_system() {
            return self.carry_out(args, &Signals::default()).await.into();
        }
        let signals = Signals::listen();
        let exit = tokio::select! {
            biased;
            exit = self.carry_out(args, &signals) => exit,
            () = signals.hurry.cancelled() => Exit::Interrupted,
        };
        end(exit)
    }

    async fn carry_out(self, args: Args, signals: &Signals) -> Exit {
        let result = match self.build() {
            Ok(fleet) => command::run(fleet, args, &signals.stop).await,
            Err(error) => Err(error),
        };
        result.unwrap_or_else(|error| fail(&error))
    }
}

/// Ends the process. By now everything is dropped: handlers are aborted, the journal has its log in its file and is closed.
///
/// Not by a return from `main`, where tokio waits for every thread that blocks. A handler that was cut off may have left one,
/// and a reader too; such a process would do nothing any more, and no signal would end it.
fn end(exit: Exit) -> ! {
    drop(io::stdout().flush());
    std::process::exit(exit as i32)
}

/// Parses the arguments; what is wrong with them, and `--help`, end the process here.
fn parse(names: &[&str], args: impl IntoIterator<Item = OsString>) -> Args {
    let about = format!("{}: a connector for Iden's Bridge API", names.join(", "));
    let matches = Args::command().about(about).get_matches_from(args);
    Args::from_arg_matches(&matches).unwrap_or_else(|error| error.exit())
}

/// Says on standard error what went wrong and what to do about it.
fn fail(error: &ConnectorError) -> Exit {
    eprintln!("error: {error}");
    if let Some(hint) = error.hint() {
        eprintln!(" hint: {hint}");
    }
    Exit::of(error)
}
