use std::time::Duration;

use uuid::Uuid;

use crate::app::App;
use crate::changes::Changes;
use crate::sandbox::Sandbox;
use crate::view::TaskView;

/// Waiting for what a connector is about to do. Nothing here polls: the sandbox tells when something changed.
impl Sandbox {
    /// Waits until `condition` holds. It is asked at once, and again after each change.
    ///
    /// # Panics
    /// Where the time is up.
    pub async fn wait_until(&self, condition: impl Fn(&Sandbox) -> bool, limit: Duration) {
        let met = until(self.changes(), || condition(self).then_some(()));
        if tokio::time::timeout(limit, met).await.is_err() {
            panic!("the condition does not hold after {limit:?}; the last requests: {:#?}", self.last_requests());
        }
    }

    fn last_requests(&self) -> Vec<String> {
        let query = crate::RequestQuery { limit: 10, ..crate::RequestQuery::default() };
        let last = self.find_requests(&query).items;
        last.iter().map(|request| format!("{} {} -> {:?}", request.method, request.path, request.status)).collect()
    }
}

impl App {
    /// Waits until `condition` holds. It is asked at once, and again after each change.
    ///
    /// # Panics
    /// Where the time is up.
    pub async fn wait_until(&self, condition: impl Fn(&App) -> bool, limit: Duration) {
        let met = until(self.server.signal.subscribe(), || condition(self).then_some(()));
        if tokio::time::timeout(limit, met).await.is_err() {
            let sessions = self.recent_sessions(0, 3).items;
            let tasks = self.recent_tasks("", 0, 3).items;
            panic!(
                "the condition does not hold for app `{}` after {limit:?}; the last sessions: {sessions:#?}; the last tasks: \
                 {tasks:#?}",
                self.name()
            );
        }
    }

    /// Waits until the task is reported as completed or failed, and returns it.
    ///
    /// # Panics
    /// Where the task does not exist, or the time is up.
    pub async fn wait_until_task_done(&self, id: Uuid, limit: Duration) -> TaskView {
        let done = until(self.server.signal.subscribe(), || {
            let task = self.task(id).unwrap_or_else(|| panic!("app `{}` has no task {id}", self.name()));
            task.is_done().then_some(task)
        });
        match tokio::time::timeout(limit, done).await {
            Ok(task) => task,
            Err(_) => panic!("task {id} is not done after {limit:?}: {:#?}", self.task(id)),
        }
    }
}

/// What `look` returns once it is something.
async fn until<T>(mut changes: Changes, look: impl Fn() -> Option<T>) -> T {
    loop {
        if let Some(found) = look() {
            return found;
        }
        // The sender lives in the server that the caller holds, so waiting cannot end.
        changes.next().await;
    }
}
