use std::sync::Arc;
use std::time::Duration;

use crate::server::Server;

/// The longest sleep, so that a clock that was set meanwhile is noticed.
const NAP: Duration = Duration::from_secs(60);

/// Lets happen what is due although nobody asks, so that subscribers learn of it. Ends with the server.
pub(crate) async fn wait(server: Arc<Server>) {
    loop {
        let time = {
            // Looking is enough: it lets happen what is due.
            let state = server.state();
            let until = state.next_due().map(|due| due.duration_since(state.clock.now()));
            until.map_or(NAP, |until| Duration::try_from(until).unwrap_or_default().min(NAP))
        };
        tokio::select! {
            () = tokio::time::sleep(time) => {}
            () = server.bell.notified() => {}
            () = server.stopping.cancelled() => return,
        }
    }
}
