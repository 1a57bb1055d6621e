//! Ctrl-C and SIGTERM.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::print;
use crate::connector::Exit;

/// How long everything may take to be dropped after the second signal.
const DROPPED_WITHIN: Duration = Duration::from_secs(3);

/// What the signals ask for, from the time when somebody listens.
#[derive(Clone, Debug, Default)]
pub(super) struct Signals {
    /// The first one: what is under way is brought to its end.
    pub(super) stop: CancellationToken,
    /// The second one: everything is dropped where it stands, which is as safe. What was begun stands in the journal.
    pub(super) hurry: CancellationToken,
}

impl Signals {
    pub(super) fn listen() -> Self {
        let signals = Signals::default();
        let Signals { stop, hurry } = signals.clone();
        match Incoming::new() {
            // In a task of its own: it is heard even while the work keeps its thread busy.
            Ok(mut incoming) => drop(tokio::spawn(async move {
                incoming.next().await;
                print::tell("stopping; once more to stop at once\n");
                stop.cancel();
                incoming.next().await;
                hurry.cancel();
                // Code that blocks is not dropped. Whoever asks twice does not want to wait for it.
                tokio::time::sleep(DROPPED_WITHIN).await;
                std::process::exit(Exit::Interrupted as i32);
            })),
            Err(error) => {
                tracing::error!(error = %error, "signals cannot be received; the connector can only be killed");
            }
        }
        signals
    }
}

/// One stream for both, from the first signal on: one that comes while the first is looked at is not lost.
#[cfg(unix)]
struct Incoming {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Incoming {
    fn new() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Incoming { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

#[cfg(windows)]
struct Incoming(tokio::signal::windows::CtrlC);

#[cfg(windows)]
impl Incoming {
    fn new() -> std::io::Result<Self> {
        Ok(Incoming(tokio::signal::windows::ctrl_c()?))
    }

    async fn next(&mut self) {
        self.0.recv().await;
    }
}
