//! Whoever watches a connector at work does not want to wait for its next poll.

use bridge_sandbox::{App, Change, Changes, Topic};

use crate::{connector::AttachedMember, journal::Command};

/// Asks the running connector to look for tasks when some are pending, and to sync when some were completed: so the sandbox
/// shows what they did. Never ends.
pub(super) async fn prompt(app: &App, connector: &dyn AttachedMember, mut changes: Changes) {
    let total = |status: &str| app.recent_tasks(status, 0, 0).total;
    let mut completed = total("completed");
    while let Some(news) = changes.next().await {
        if !news.into_iter().any(|change| is_about_tasks_of(app, change)) {
            continue;
        }
        if total("pending") > 0 {
            ask(connector, Command::Tasks).await;
        }
        let before = std::mem::replace(&mut completed, total("completed"));
        if completed > before {
            ask(connector, Command::Sync).await;
        }
    }
    std::future::pending::<()>().await;
}

/// A clock that is moved makes scheduled tasks pending.
fn is_about_tasks_of(app: &App, change: Change) -> bool {
    match change.topic {
        Topic::Tasks => change.app == Some(app.id()),
        topic => topic == Topic::Clock,
    }
}

async fn ask(connector: &dyn AttachedMember, command: Command) {
    if let Err(error) = connector.ask(command).await {
        tracing::warn!("the connector was not asked to go on at once, and will at its usual times: {error}");
    }
}
