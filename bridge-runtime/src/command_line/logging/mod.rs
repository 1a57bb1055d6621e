//! The log, on standard error.

mod json;

use std::{
    io::{self, Write},
    sync::atomic::{AtomicBool, Ordering},
};

use tracing::level_filters::LevelFilter;
use tracing_subscriber::{Layer, filter::Targets, fmt, layer::SubscriberExt, util::SubscriberInitExt};

#[cfg(feature = "otel")]
use super::otel::Spans;
use super::{
    args::{Args, Command},
    screen,
    settings::LogSettings,
    terminal::Stream,
};
use json::JsonLines;

/// Whether the log is JSON. There is one standard error, whoever writes to it.
static FOR_MACHINES: AtomicBool = AtomicBool::new(false);

/// Whether each line on standard error has to be one JSON object.
pub(super) fn is_for_machines() -> bool {
    FOR_MACHINES.load(Ordering::Relaxed)
}

/// The log, and with the feature `otel` the spans that go to a collector, until the process ends.
#[must_use]
pub(super) struct Log {
    #[cfg(feature = "otel")]
    spans: Option<Spans>,
}

impl Log {
    /// Sends what is left to send.
    pub(super) async fn close(self) {
        #[cfg(feature = "otel")]
        if let Some(spans) = self.spans {
            spans.flush().await;
        }
    }
}

/// Starts the log. A program that has a subscriber of its own keeps it, and sends its spans itself.
pub(super) fn start(settings: &LogSettings, args: &Args) -> Log {
    let command = &args.command;
    let default = || Targets::new().with_default(default_level(command));
    let (filter, unclear) = match settings.filter.as_deref().map(str::parse::<Targets>) {
        Some(Ok(filter)) => (filter, None),
        Some(Err(error)) => (default(), Some(error)),
        None => (default(), None),
    };
    let lines = if settings.is_json() {
        JsonLines(|| StandardError).boxed()
    } else {
        let lines = fmt::layer().with_writer(|| StandardError);
        lines.with_ansi(Stream::Err.has_colours()).with_target(false).boxed()
    };
    let subscriber = tracing_subscriber::registry().with(lines.with_filter(filter));
    #[cfg(feature = "otel")]
    let (spans, unsent) = match args.command.opens_the_system().then(|| Spans::start(&args.program)).flatten() {
        Some(Ok(spans)) => (Some(spans), None),
        Some(Err(error)) => (None, Some(error)),
        None => (None, None),
    };
    #[cfg(feature = "otel")]
    let subscriber = subscriber.with(spans.as_ref().map(Spans::layer));
    // Fails only where the program has a subscriber already, which is then the one to use.
    let is_ours = subscriber.try_init().is_ok();
    FOR_MACHINES.store(is_ours && settings.is_json(), Ordering::Relaxed);
    #[cfg(feature = "otel")]
    if let Some(error) = unsent {
        tracing::warn!("no spans are sent to a collector: {error}");
    }
    if let Some(error) = unclear {
        tracing::warn!("--log is not understood, and the default is used: {error}");
    }
    if settings.format_is_odd() {
        tracing::warn!("--log-format is neither `text` nor `json`; `text` is used");
    }
    Log {
        #[cfg(feature = "otel")]
        spans,
    }
}

/// A command that goes on says what it is doing; a one-shot command says what went wrong, and prints its result.
fn default_level(command: &Command) -> LevelFilter {
    if command.goes_on() { LevelFilter::INFO } else { LevelFilter::WARN }
}

/// Standard error, beside what stands on the screen.
struct StandardError;

impl Write for StandardError {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        screen::beside(|| io::stderr().write_all(bytes))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
