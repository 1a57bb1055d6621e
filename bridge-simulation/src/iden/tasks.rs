//! Tasks at Iden (protocol.md section 6).

use std::time::Duration;

use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    iden::{Answer, Ask, Event, Key, Server, edges::joined, no},
    plan::Answers,
    seams::clock::stamp,
};

/// An action and a type that no handler is for.
pub const ODD_ACTION: &str = "rotate_keys";
pub const ODD_TYPE: &str = "robot";

#[derive(Clone, Debug)]
pub struct Task {
    pub id: Uuid,
    pub action: &'static str,
    /// The type of the account.
    pub slug: &'static str,
    /// The id that the account had when the task was made, or gets if it is created.
    pub account_id: String,
    /// The person whom it is about.
    pub number: u32,
    pub payload: Value,
    pub created: Duration,
    pub execute_after: Option<Duration>,
    /// How it ended.
    pub ended: Option<String>,
    pub error: Value,
    pub ended_at: Duration,
    /// Somebody else did that.
    pub by_somebody: bool,
    /// By a request that nobody waited for any more.
    pub ended_late: bool,
    /// It was put off, or taken up again, at this time.
    pub moved: Option<Duration>,
    /// It was over once, and is pending again.
    pub reopened: bool,
    /// Until then it has a status that no documentation names, and is not to be carried out.
    pub on_hold_until: Duration,
}

impl Task {
    /// The account whom it is about, as Iden holds it.
    pub fn key(&self, answers: &Answers) -> Key {
        answers.key(self.slug, &self.account_id)
    }

    /// Its place in the order of its account's tasks.
    pub fn place(&self) -> (Duration, Duration, Uuid) {
        (self.due(), self.created, self.id)
    }

    pub fn due(&self) -> Duration {
        self.created.max(self.execute_after.unwrap_or_default())
    }

    pub fn is_pending(&self, now: Duration) -> bool {
        self.ended.is_none() && self.due() <= now && self.on_hold_until <= now
    }

    /// Whether the connector has no handler for it, and must say so.
    pub fn is_odd(&self) -> bool {
        self.action == ODD_ACTION || self.slug == ODD_TYPE
    }

    /// Whether it has made an account or deleted one, by what was reported of it.
    pub fn has_moved_somebody(&self) -> bool {
        matches!(self.action, "create_account" | "delete_account") && self.ended.as_deref() == Some("completed")
    }

    fn show(&self, now: Duration) -> Value {
        let status = match &self.ended {
            Some(ended) => ended,
            None if self.is_pending(now) => "pending",
            None if self.on_hold_until > now => "on_hold",
            None => "scheduled",
        };
        json!({
            "id": self.id, "action": self.action, "resource_type": self.slug, "status": status,
            "execute_after": self.execute_after.map(stamp), "created_at": stamp(self.created),
            "payload": self.payload,
        })
    }
}

impl Server {
    pub fn list_tasks(&self, now: Duration, ask: &Ask) -> Answer {
        let limit = ask.number("limit").unwrap_or(50).min(self.answers.task_page);
        let offset = ask.number("offset").unwrap_or(0);
        let wanted = |task: &&Task| match ask.word("status") {
            Some("pending") => task.is_pending(now),
            Some("scheduled") => task.ended.is_none() && !task.is_pending(now),
            Some(ended) => task.ended.as_deref() == Some(ended),
            None => true,
        };
        let mut all: Vec<&Task> = self.tasks.values().filter(wanted).collect();
        all.sort_by_key(|task| (task.created, task.id));
        if self.answers.newest_task_first {
            all.reverse();
        }
        let count = all.len();
        let page: Vec<Value> = all.into_iter().skip(offset).take(limit).map(|task| task.show(now)).collect();
        let more = offset + page.len() < count;
        let next = more.then(|| format!("https://elsewhere.example/tasks/?offset={}", offset + page.len()));
        (200, json!({"count": count, "next": next, "previous": null, "results": page}))
    }

    pub fn show_task(&self, now: Duration, id: &str) -> Answer {
        match id.parse().ok().and_then(|id: Uuid| self.tasks.get(&id)).filter(|task| self.is_kept(task, now)) {
            Some(task) => (200, task.show(now)),
            None => no(404, "no such task"),
        }
    }

    fn is_kept(&self, task: &Task, now: Duration) -> bool {
        self.answers.keeps_tasks.is_none_or(|kept| task.ended.is_none() || task.ended_at + kept > now)
    }

    pub fn take_report(&mut self, now: Duration, ask: &Ask, id: &str) -> Answer {
        let Some(id) = id.parse::<Uuid>().ok().filter(|id| self.tasks.contains_key(id)) else {
            return no(404, "no such task");
        };
        if !self.is_kept(&self.tasks[&id], now) {
            return no(404, "no such task");
        }
        let report = ask.json();
        let status = report["status"].as_str().unwrap_or_default().to_owned();
        if !matches!(status.as_str(), "completed" | "failed") {
            return no(400, "a report says completed or failed");
        }
        let task = self.tasks.get_mut(&id).unwrap();
        if let Some(ended) = &task.ended {
            let same = *ended == status;
            self.events.push(Event::Refused { task: id, status, ask: ask.clone() });
            return if same && self.answers.report_twice {
                (200, self.tasks[&id].show(now))
            } else {
                no(409, "this task is over")
            };
        }
        (task.ended, task.ended_at) = (Some(status.clone()), now);
        (task.error, task.ended_late) = (report["error"].clone(), ask.late);
        if status == "completed" && self.answers.tasks_change_view {
            self.change_view(now, ask.late.then_some(ask.sent), id, &report["result"]);
        }
        self.events.push(Event::Reported { task: id, status, ask: ask.clone() });
        (200, self.tasks[&id].show(now))
    }

    /// A completed task, in Iden's own view.
    fn change_view(&mut self, now: Duration, late: Option<Duration>, id: Uuid, result: &Value) {
        let Task { action, payload, slug, .. } = self.tasks[&id].clone();
        let key = self.tasks[&id].key(&self.answers);
        let memberships = payload.get("memberships").cloned();
        let mut fields = payload["account"].as_object().cloned().unwrap_or_default();
        fields.extend(memberships.clone().map(|all| ("memberships".to_owned(), all)));
        match action {
            "create_account" => {
                let Some(new) = result["id"].as_str() else { return };
                let key = self.answers.key(slug, new);
                fields.insert("id".to_owned(), key.1.as_str().into());
                self.upsert(now, &key, &fields, late);
            }
            "delete_account" => {
                if let Some(held) = self.records.get_mut(&key) {
                    held.active = false;
                }
            }
            _ => {
                let Some(held) = self.records.get_mut(&key) else { return };
                match action {
                    "suspend_account" => drop(held.fields.insert("status".to_owned(), "suspended".into())),
                    "unsuspend_account" => drop(held.fields.insert("status".to_owned(), "active".into())),
                    "update_account" => {
                        held.fields.extend(payload["changes"].as_object().cloned().unwrap_or_default());
                        // Question P18.
                        let before = held.fields.get("memberships").filter(|_| self.answers.task_adds_memberships);
                        if let Some(all) = memberships.and_then(|named| joined(before, Some(&named))) {
                            held.fields.insert("memberships".to_owned(), all);
                        }
                    }
                    _ => {}
                }
            }
        }
    }
}
