//! What becomes of tasks: invariants 8 to 11.

use std::time::Duration;

use uuid::Uuid;

use super::Oracle;
use crate::{
    iden::{Ask, Server, tasks::Task},
    system::{World, connector::PASSWORD},
};

/// How long completing a session may keep tasks waiting, and a little for the journal.
const GATE: Duration = Duration::from_secs(61);

impl Oracle {
    pub(super) fn reported(
        &mut self,
        now: Duration,
        task: Uuid,
        status: &str,
        ask: &Ask,
        server: &Server,
        world: &World,
    ) {
        let one = &server.tasks[&task];
        if one.reopened && one.action == "create_account" && status == "completed" {
            self.retold.insert(one.key(&self.answers), now);
        }
        let has_password = ask.json()["result"]["password"] == PASSWORD;
        // One that is pending again had its password told the first time.
        let needs_it = one.action == "reset_password" && one.number.is_multiple_of(2) && !one.reopened;
        if status == "completed" && needs_it && !has_password {
            self.violated(now, 10, format_args!("task {task} is reported completed without the password"));
        }
        if status == "completed" && !world.confirmed.contains(&task) {
            self.violated(now, 10, format_args!("task {task} is reported completed, and nobody has seen it done"));
        }
    }

    pub(super) fn refused(&mut self, now: Duration, task: Uuid, status: &str, ask: &Ask, server: &Server) {
        let there = &server.tasks[&task];
        let ours = !there.by_somebody && !there.ended_late && !ask.late && !there.reopened;
        if ours && there.ended.as_deref() != Some(status) && there.ended_at < ask.sent {
            self.violated(now, 10, format_args!("task {task} was reported, and is reported {status} now"));
        }
    }

    /// A page of the list of tasks is asked for.
    pub fn list_is_read(&mut self, now: Duration, offset: usize) {
        if offset == 0 {
            self.walk.get_or_insert(now);
        }
    }

    /// The connector has heard the last page.
    pub fn list_has_ended(&mut self) {
        self.walked_since = self.walk.take().or(self.walked_since);
    }

    /// The connector has read a task, to carry it out now.
    pub fn task_is_read(&mut self, now: Duration, id: Uuid) {
        // One that was begun before is looked into first.
        if !self.begun.contains(&id) {
            self.read.insert(id, now);
        }
    }

    /// It waits no more: its `verify` is asked, or it is reported.
    pub fn is_looked_after(&mut self, id: Uuid) {
        self.read.remove(&id);
        self.begun.insert(id);
    }

    /// Tasks that were read wait for no more than the completing of a session.
    pub fn nothing_waits(&mut self, now: Duration) {
        // Of one that has ended without a handler nothing is seen until it may be reported.
        let waits = self.read.iter().find(|(_, since)| (**since).max(self.pause_until) + GATE < now);
        if let Some(task) = waits.map(|(task, _)| *task) {
            self.violated(now, 17, format_args!("task {task} was read, and is not begun"));
        }
    }

    /// The machine stood still, or everything is put back.
    pub fn nobody_waits(&mut self) {
        self.read.clear();
    }

    /// A handler is called.
    pub fn handler_begins(&mut self, now: Duration, id: Uuid, server: &Server, world: &World) {
        if self.read.get(&id).is_some_and(|since| *since + GATE < now) {
            self.violated(now, 17, format_args!("task {id} was read, and is begun too late"));
        }
        self.nothing_waits(now);
        self.is_looked_after(id);
        let was_forgotten = self.forgotten.contains(&id);
        let task = &server.tasks[&id];
        if world.running.iter().any(|(_, number)| *number == task.number) {
            self.violated(now, 11, format_args!("two handlers at once for {}", task.number));
        }
        let over = task.ended.is_some() && !task.by_somebody && !task.ended_late;
        if (over || (task.reopened && !task.ended_late)) && !was_forgotten {
            self.violated(now, 10, format_args!("task {id} was reported, and is carried out again"));
        }
        let far = |other: &Task| other.moved.is_none() && !other.reopened;
        if task.ended.is_none() && task.due() > now && task.moved.is_none() {
            self.violated(now, 11, format_args!("task {id} is carried out before its time"));
        }
        // What came later has ended the account's access: that must not be undone.
        let undone = server.tasks.values().find(|other| {
            let ends = matches!(other.action, "suspend_account" | "delete_account");
            let later = (other.due(), other.created) > (task.due(), task.created);
            // A deletion after a suspension undoes nothing.
            let goes_on = task.action == "delete_account" && other.action == "suspend_account";
            ends && later
                && !goes_on
                && other.number == task.number
                && far(other)
                && world.confirmed.contains(&other.id)
                && !self.forgotten.contains(&other.id)
                && other.ended.as_deref() == Some("completed")
        });
        if let Some(undone) = undone.filter(|_| far(task)) {
            self.violated(now, 11, format_args!("task {id} is carried out after {}, which ended access", undone.id));
        }
        let passes = matches!(task.action, "suspend_account" | "delete_account");
        let older = server.tasks.values().find(|other| {
            // One that came after the beginning of its last full look, the connector cannot know.
            let may_be_known = self.walked_since.is_some_and(|since| other.created <= since);
            other.number == task.number
                && other.slug == task.slug
                && other.place() < task.place()
                && other.is_pending(now)
                && far(other)
                && may_be_known
        });
        if let Some(older) = older.filter(|_| !passes && far(task)) {
            self.violated(now, 11, format_args!("task {id} is carried out before {}, which is older", older.id));
        }
    }

    /// A handler does something.
    pub fn effect(&mut self, now: Duration, task: Uuid, action: &'static str, world: &World) {
        if self.forgotten.contains(&task) {
            return;
        }
        let before = world.effects.iter().filter(|effect| effect.task == task).count();
        if before > 0 && action == "reset_password" {
            self.violated(now, 8, format_args!("task {task} is done twice"));
        }
        if before > 0 && action == "create_account" {
            self.violated(now, 9, format_args!("task {task} makes a second account"));
        }
    }
}
