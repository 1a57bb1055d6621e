//! What is logged.

use std::{
    io::Write,
    sync::{Arc, LazyLock, Mutex},
};

use tracing::{Dispatch, Level, subscriber::DefaultGuard, subscriber::NoSubscriber};

/// While there is one subscriber only, tracing lets the thread that comes first to a line decide for all whether anybody
/// wants it; and that may be a test without a log.
static ANOTHER: LazyLock<Dispatch> = LazyLock::new(|| Dispatch::new(NoSubscriber::default()));

/// The log of this thread, and so of all that a test does on its own runtime.
pub struct Log {
    bytes: Bytes,
    _guard: DefaultGuard,
}

#[derive(Clone, Default)]
struct Bytes(Arc<Mutex<Vec<u8>>>);

impl Write for Bytes {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Log {
    pub fn start() -> Self {
        Log::at(Level::INFO)
    }

    /// With everything from this level on, of every crate.
    pub fn at(level: Level) -> Self {
        LazyLock::force(&ANOTHER);
        let bytes = Bytes::default();
        let writer = bytes.clone();
        let lines = tracing_subscriber::fmt().with_ansi(false).with_max_level(level);
        let subscriber = lines.with_writer(move || writer.clone()).finish();
        Log { bytes, _guard: tracing::subscriber::set_default(subscriber) }
    }

    /// The line that has all of these, and stands there once.
    #[track_caller]
    pub fn line(&self, parts: &[&str]) -> String {
        let text = self.text();
        let lines: Vec<&str> = text.lines().filter(|line| parts.iter().all(|part| line.contains(part))).collect();
        assert_eq!(lines.len(), 1, "lines with {parts:?}, in:\n{text}");
        lines[0].to_owned()
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.bytes.0.lock().unwrap().clone()).unwrap()
    }
}
