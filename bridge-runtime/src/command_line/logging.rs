//! The log, on standard error.

use std::io::{self, IsTerminal};

use tracing::level_filters::LevelFilter;
use tracing_subscriber::{filter::Targets, fmt, layer::SubscriberExt, util::SubscriberInitExt};

use super::args::Args;

/// Starts the log. A program that has a subscriber of its own keeps it.
pub(super) fn start(args: &Args) {
    let filter = args.settings.log.as_deref().filter(|filter| !filter.is_empty()).map(str::parse::<Targets>);
    let (filter, problem) = match filter {
        Some(Ok(filter)) => (filter, None),
        Some(Err(error)) => (Targets::new().with_default(default_level(args)), Some(error)),
        None => (Targets::new().with_default(default_level(args)), None),
    };
    let colour = io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let lines = fmt::layer().with_writer(io::stderr).with_ansi(colour).with_target(false);
    // Fails only where the program has a subscriber already, which is then the one to use.
    let _ = tracing_subscriber::registry().with(filter).with(lines).try_init();
    if let Some(error) = problem {
        tracing::warn!("--log is not understood, and the default is used: {error}");
    }
}

/// A command that goes on says what it is doing; a one-shot command says what went wrong, and prints its result.
fn default_level(args: &Args) -> LevelFilter {
    if args.command.goes_on() { LevelFilter::INFO } else { LevelFilter::WARN }
}
