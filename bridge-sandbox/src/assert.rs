use uuid::Uuid;

use crate::app::App;
use crate::view::TaskView;

/// Ids shown at most in a message.
const MOST_SHOWN: usize = 20;

/// Assertions, each with a message that shows what the sandbox holds instead.
impl App {
    /// The record is held and not removed.
    ///
    /// # Panics
    /// Otherwise.
    #[track_caller]
    pub fn assert_active(&self, slug: &str, id: &str) {
        match self.record(slug, id) {
            Some(record) if !record.removed => {}
            Some(_) => panic!("`{slug}` `{id}` should be active, but was removed; {}", self.held(slug)),
            None => panic!("`{slug}` `{id}` should be active, but was never pushed; {}", self.held(slug)),
        }
    }

    /// The record was held, and a completed sync removed it.
    ///
    /// # Panics
    /// Otherwise.
    #[track_caller]
    pub fn assert_removed(&self, slug: &str, id: &str) {
        match self.record(slug, id) {
            Some(record) if record.removed => {}
            Some(_) => panic!("`{slug}` `{id}` should be removed, but is active; {}", self.held(slug)),
            None => panic!("`{slug}` `{id}` should be removed, but was never pushed; {}", self.held(slug)),
        }
    }

    /// The task was reported as completed.
    ///
    /// # Panics
    /// Otherwise.
    #[track_caller]
    pub fn assert_task_completed(&self, id: Uuid) {
        let task = self.known_task(id);
        assert!(task.status == "completed", "task {id} should be completed: {task:#?}");
    }

    /// The task was reported as failed, with this error code.
    ///
    /// # Panics
    /// Otherwise.
    #[track_caller]
    pub fn assert_task_failed(&self, id: Uuid, code: &str) {
        let task = self.known_task(id);
        let has_code = task.error.as_ref().is_some_and(|error| error["code"] == code);
        assert!(task.status == "failed" && has_code, "task {id} should have failed with `{code}`: {task:#?}");
    }

    #[track_caller]
    fn known_task(&self, id: Uuid) -> TaskView {
        self.task(id).unwrap_or_else(|| {
            let ids: Vec<_> = self.tasks().into_iter().map(|task| task.id.to_string()).collect();
            panic!("app `{}` has no task {id}; it has {}", self.name(), shown(&ids))
        })
    }

    fn held(&self, slug: &str) -> String {
        let (removed, active): (Vec<_>, Vec<_>) = self.records(slug).into_iter().partition(|record| record.removed);
        let ids =
            |records: Vec<crate::RecordView>| shown(&records.into_iter().map(|record| record.id).collect::<Vec<_>>());
        format!("app `{}` holds active {}, removed {}", self.name(), ids(active), ids(removed))
    }
}

fn shown(ids: &[String]) -> String {
    let more = ids.len().saturating_sub(MOST_SHOWN);
    let ids = ids[..ids.len() - more].join(", ");
    if more == 0 { format!("[{ids}]") } else { format!("[{ids}, and {more} more]") }
}
