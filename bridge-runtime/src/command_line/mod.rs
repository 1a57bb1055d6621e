//! The command line of every connector.

mod approve;
mod args;
mod ask;
mod command;
mod complaint;
mod completions;
mod connections;
#[cfg(feature = "fuzzing")]
mod decided;
#[cfg(feature = "dev")]
mod dev;
mod doctor;
mod endpoints;
mod failure;
mod history;
mod ink;
mod key;
mod logging;
#[cfg(feature = "otel")]
mod otel;
mod outlook;
#[cfg(test)]
mod precedence;
mod print;
mod progress;
mod quotes;
#[cfg(test)]
mod reference;
mod results;
mod screen;
mod service;
mod service_manager;
mod settings;
mod settings_file;
mod signals;
mod state_directory;
mod status;
mod tasks;
mod terminal;
mod way;

use std::{
    ffi::OsString,
    io::{self, Write as _},
    path::Path,
    process::ExitCode,
};

use clap::{CommandFactory, FromArgMatches, error::ErrorKind};

use crate::connector::{Builder, ConnectorError, Exit, Fleet, FleetBuilder};
use args::{Args, Command};
use complaint::fail;
#[cfg(feature = "fuzzing")]
pub use decided::Decided;
use failure::Failure;
use settings::{LogSettings, Settings};
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
        let args: Vec<OsString> = args.into_iter().collect();
        let args = match parse(&self, &args) {
            Ok(Args { command: Command::Completions { shell }, program, .. }) => {
                let printed = print::out(&completions::script(shell, &program));
                return printed.map_or_else(|error| fail(&error), |()| Exit::Done).into();
            }
            Ok(args) => args,
            Err(exit) => return exit,
        };
        let settings = Settings::read(args.settings.clone());
        let log = logging::start(&LogSettings::of(&args.settings, settings.as_ref().ok()), &args);
        if !args.command.opens_the_system() {
            return self.carry_out(args, settings, &Signals::default()).await.into();
        }
        let signals = Signals::listen();
        let exit = tokio::select! {
            biased;
            exit = self.carry_out(args, settings, &signals) => exit,
            () = signals.hurry.cancelled() => end(Exit::Interrupted),
        };
        log.close().await;
        end(exit)
    }

    async fn carry_out(self, args: Args, settings: Result<Settings, ConnectorError>, signals: &Signals) -> Exit {
        let json = args.command.prints_json();
        let result = match self.build() {
            Ok(fleet) => command::run(fleet, args, settings, &signals.stop).await,
            Err(error) => Err(error),
        };
        result.unwrap_or_else(|error| {
            if json && let Err(error) = print::json(&Failure::of(&error)) {
                return fail(&error);
            }
            fail(&error)
        })
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

/// Parses the arguments. `--help`, and what is wrong with them, is printed here, and the exit code is the answer.
fn parse(fleet: &FleetBuilder, args: &[OsString]) -> Result<Args, ExitCode> {
    let about = format!("{}: a connector for Iden's Bridge API", fleet.names().join(", "));
    let matches = Args::command().about(about).try_get_matches_from(args);
    let parsed = matches.and_then(|matches| Args::from_arg_matches(&matches));
    parsed.map(|parsed| Args { program: program(args), ..parsed }).map_err(|error| {
        let text = match error.kind() {
            // clap would name the library as if it were the program.
            ErrorKind::DisplayVersion => version(&program(args), fleet.version()),
            _ => ink::painted(&error.render().to_string()),
        };
        if error.exit_code() == 0 {
            return print::out(&text).map_or_else(|error| fail(&error), |()| Exit::Done).into();
        }
        print::tell(&text);
        Exit::Usage.into()
    })
}

/// What `--version` prints.
fn version(program: &str, own: Option<&str>) -> String {
    let own = own.map(|version| format!(" {version}")).unwrap_or_default();
    format!("{program}{own} (iden-bridge {})\n", env!("CARGO_PKG_VERSION"))
}

/// The name that this program was called by.
fn program(args: &[OsString]) -> String {
    let name = args.first().and_then(|program| Path::new(program).file_stem());
    name.map_or_else(|| "connector".to_owned(), |name| name.to_string_lossy().into_owned())
}
