//! What the requests of a connector must be like: invariants 4, 13 and 16.

use std::time::Duration;

use serde_json::Value;
use uuid::Uuid;

use super::{Oracle, facts::key_of};
use crate::{
    iden::{
        Ask, Server,
        edges::{count, edges_of},
    },
    system::connector::PASSWORD,
};

/// How long a retry may wait for its turn.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

impl Oracle {
    /// A request leaves.
    pub fn sent(&mut self, now: Duration, ask: &Ask, host: &str, server: &Server) -> bool {
        if host != "127.0.0.1" {
            self.violated(now, 16, format_args!("a request to {host}"));
        }
        if now < self.pause_until {
            self.violated(now, 13, format_args!("{} {} before the end of a Retry-After", ask.method, ask.path));
        }
        let parts = ask.parts();
        if ask.method == "POST" && parts.last() == Some(&"apps") && server.app.is_some() && !server.app_came_late {
            self.violated(now, 8, "an app is made where there is one");
        }
        let is_report = ask.method == "PATCH" && parts.last() == Some(&"status");
        if ask.method == "GET" && parts.last() == Some(&"tasks") {
            self.list_is_read(now, ask.number("offset").unwrap_or_default());
        }
        if let [.., "tasks", task, "status"] = parts[..] {
            // It has ended, with a handler or without. When it is read from now on, it is about the report.
            task.parse().into_iter().for_each(|task| self.is_looked_after(task));
        }
        if !is_report && ask.body.windows(PASSWORD.len()).any(|bytes| bytes == PASSWORD.as_bytes()) {
            self.violated(now, 16, format_args!("a password in {}", ask.path));
        }
        if let [.., "sync", id, last] = parts[..]
            && let Ok(id) = id.parse::<Uuid>()
        {
            match last {
                "complete" if server.sessions.get(&id).is_some_and(|session| session.by != self.process) => {
                    self.violated(now, 4, "a session of an earlier process is completed");
                }
                slug if ask.method == "PUT" => {
                    let ids = self.attempted.entry(id).or_default();
                    let records = ask.json();
                    for one in records["records"].as_array().into_iter().flatten().filter_map(Value::as_object) {
                        let Some(id) = one.get("id").and_then(Value::as_str) else { continue };
                        let key = self.answers.key(slug, id);
                        self.tried.insert(key.clone(), count(&edges_of(one)));
                        ids.insert(key);
                    }
                }
                _ => {}
            }
        }
        // What is read is asked for again anyhow, and reports are sent again with the next round. A page or a call about a
        // session that comes again is a retry whenever it comes.
        let within = if matches!(ask.method, "PUT" | "POST") { LONGEST_PAUSE } else { Duration::from_secs(1) };
        self.failed.remove(&key_of(ask)).is_some_and(|at| now < at + within)
    }

    /// The answer is there.
    pub fn answered(&mut self, now: Duration, ask: &Ask, status: Option<u16>, wait: Option<Duration>, is_retry: bool) {
        if let Some(wait) = wait {
            self.pause_until = self.pause_until.max(now + wait.min(Duration::from_secs(600)));
        }
        let fails = status.is_none_or(|status| status >= 500 && status != 503);
        if fails {
            self.failed.insert(key_of(ask), now);
            self.failed_retries += u64::from(is_retry);
            if self.failed_retries > (500 + self.successes) / 14 + 8 {
                self.violated(now, 13, format!("{} retries have failed", self.failed_retries));
            }
        } else if status.is_some_and(|status| status < 300) {
            self.successes += 1;
        }
        if status.is_some_and(|status| (400..600).contains(&status)) && ask.method == "PUT" {
            // Refused by itself: it is the record's own matter.
            let records = ask.json();
            let Some([one]) = records["records"].as_array().map(Vec::as_slice) else { return };
            let parts = ask.parts();
            let [.., id, slug] = parts[..] else { return };
            let (Ok(session), Some(one)) = (id.parse(), one["id"].as_str()) else { return };
            self.refused.entry(session).or_default().insert(self.answers.key(slug, one));
        }
    }
}
