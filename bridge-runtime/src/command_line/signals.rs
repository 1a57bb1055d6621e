//! Ctrl-C and SIGTERM.

use tokio_util::sync::CancellationToken;

use crate::connector::Exit;

/// A token that the first signal cancels: running work is brought to an end. The second one ends the process at once,
/// which is as safe: what was begun stands in the journal.
pub(super) fn stop_token() -> CancellationToken {
    let token = CancellationToken::new();
    let stop = token.clone();
    tokio::spawn(async move {
        next().await;
        eprintln!("stopping; once more to stop at once");
        stop.cancel();
        next().await;
        std::process::exit(Exit::Interrupted as i32);
    });
    token
}

#[cfg(unix)]
async fn next() {
    use tokio::signal::unix::{SignalKind, signal};
    let (interrupt, terminate) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()));
    match (interrupt, terminate) {
        (Ok(mut interrupt), Ok(mut terminate)) => {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        }
        (Err(error), _) | (_, Err(error)) => {
            tracing::error!(error = %error, "signals cannot be received; the connector can only be killed");
            std::future::pending::<()>().await;
        }
    }
}

#[cfg(not(unix))]
async fn next() {
    if let Err(error) = tokio::signal::ctrl_c().await {
        tracing::error!(error = %error, "signals cannot be received; the connector can only be killed");
        std::future::pending::<()>().await;
    }
}
