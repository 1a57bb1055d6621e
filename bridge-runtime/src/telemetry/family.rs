//! Every figure that there is: its name, what it means, and its labels. `docs/telemetry.md` is made of this.

use std::{collections::BTreeMap, fmt::Write as _};

use super::{
    histogram::Histogram,
    meter::{Labels, Value},
};

/// How a figure behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FamilyKind {
    /// It only grows.
    Counter,
    /// It goes up and down.
    Gauge,
    /// Durations in seconds, by upper bounds.
    Histogram,
}

impl FamilyKind {
    /// The word of Prometheus' text format.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            FamilyKind::Counter => "counter",
            FamilyKind::Gauge => "gauge",
            FamilyKind::Histogram => "histogram",
        }
    }
}

/// One figure, with all its labels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Family {
    /// Its name. Names and labels are stable.
    pub name: &'static str,
    /// How it behaves.
    pub kind: FamilyKind,
    /// The labels beside `app`, which every figure has: the app's name.
    pub labels: &'static [&'static str],
    /// What it means.
    pub help: &'static str,
}

const fn counter(name: &'static str, labels: &'static [&'static str], help: &'static str) -> Family {
    Family { name, kind: FamilyKind::Counter, labels, help }
}

const fn gauge(name: &'static str, labels: &'static [&'static str], help: &'static str) -> Family {
    Family { name, kind: FamilyKind::Gauge, labels, help }
}

const fn histogram(name: &'static str, labels: &'static [&'static str], help: &'static str) -> Family {
    Family { name, kind: FamilyKind::Histogram, labels, help }
}

pub(crate) const BUILD_INFO: Family =
    gauge("bridge_build_info", &["version"], "Always 1; the version of iden-bridge that the connector was built with.");
pub(crate) const HTTP_REQUESTS: Family = counter(
    "bridge_http_requests_total",
    &["operation", "status"],
    "Requests to Iden, each attempt by itself. status: 2xx, 3xx, 4xx, 429, 5xx, unreachable (no answer), unreadable (an answer that is not what the protocol says).",
);
pub(crate) const HTTP_RETRIES: Family =
    counter("bridge_http_retries_total", &["operation"], "Requests to Iden that were sent again.");
pub(crate) const HTTP_DURATION: Family = histogram(
    "bridge_http_request_duration_seconds",
    &["operation"],
    "How long Iden took to answer, each attempt by itself.",
);
pub(crate) const SYNC_READ: Family = counter(
    "bridge_sync_records_read_total",
    &["resource_type"],
    "Records that were read from the external system by syncs.",
);
pub(crate) const SYNC_RECORDS: Family = counter(
    "bridge_sync_records_total",
    &["resource_type", "outcome"],
    "What became of records. outcome: created or updated (by Iden's own word), unreadable (the source could not map it), refused (Iden does not take it).",
);
pub(crate) const SYNC_CHANGES: Family = counter(
    "bridge_sync_changes_total",
    &["resource_type", "change"],
    "What completed syncs changed at Iden's side, against what the journal knew. change: created, updated, removed, deactivated (became inactive or suspended), links_ended (memberships and assignments); with what Iden ordered and what a person approved. resource_type: other for a type that the connector does not read.",
);
pub(crate) const SYNC_FOUND: Family = counter(
    "bridge_sync_found_by_find_total",
    &["resource_type"],
    "Records that a completed sync found only by `find`: the source's list is incomplete.",
);
pub(crate) const SYNC_PAGES: Family =
    counter("bridge_sync_pages_total", &["resource_type"], "Pages that Iden has accepted.");
pub(crate) const SOURCE_SILENT: Family = gauge(
    "bridge_source_silent_since_timestamp_seconds",
    &["resource_type"],
    "Since when a sync has been waiting for the source, for its next record or for `find`, in seconds since 1970; absent while the source answers. It appears after 30 s.",
);
pub(crate) const SYNCS: Family = counter(
    "bridge_syncs_total",
    &["outcome"],
    "Syncs that have ended. outcome: completed, held (a person has to approve), failed, interrupted.",
);
pub(crate) const SYNC_DURATION: Family =
    histogram("bridge_sync_duration_seconds", &["outcome"], "How long syncs took, by the same outcomes.");
pub(crate) const SYNC_LAST_SUCCESS: Family = gauge(
    "bridge_sync_last_success_timestamp_seconds",
    &[],
    "When a sync was completed last, in seconds since 1970; also across restarts. Its age: time() minus this.",
);
pub(crate) const GUARD_HOLDS: Family =
    counter("bridge_guard_holds_total", &[], "Syncs that were held for a person to approve.");
pub(crate) const GUARD_HELD: Family =
    gauge("bridge_guard_held", &[], "1 while the last sync is held and waits for `approve`, else 0.");
pub(crate) const TASKS: Family = counter(
    "bridge_tasks_total",
    &["action", "outcome"],
    "Tasks that have left the engine's hands. outcome: completed or failed (reported so), conflict (Iden shows another end), parked (a person has to look). action: those of the protocol and of the handlers, else other.",
);
pub(crate) const TASK_DURATION: Family = histogram(
    "bridge_task_duration_seconds",
    &["action"],
    "How long handlers took, each attempt by itself; up to the time-out for one that was cut off.",
);
pub(crate) const HANDLERS_OVERDUE: Family = gauge(
    "bridge_handlers_overdue",
    &[],
    "Handlers that were cut off at their timeout and still work on a thread. At 16, no other handler is called.",
);
pub(crate) const POLL_FAILURES: Family = counter(
    "bridge_task_poll_failures_total",
    &[],
    "Polls for tasks that failed, after their retries. While they fail, no new task is found.",
);
pub(crate) const POLL_LAST_SUCCESS: Family = gauge(
    "bridge_task_poll_last_success_timestamp_seconds",
    &[],
    "When a poll for tasks last succeeded, in seconds since 1970; absent before the first one. No polls are made while 1,000 tasks are ready to run.",
);
pub(crate) const TASKS_OPEN: Family = gauge(
    "bridge_tasks_open",
    &["state"],
    "Tasks that are not over, as of the last poll. state: waiting (its turn, or another attempt), blocked (behind another task of its account), parked, unreported, unreadable (Iden shows it in an unknown form).",
);
pub(crate) const TASKS_OLDEST: Family = gauge(
    "bridge_tasks_oldest_open_timestamp_seconds",
    &[],
    "When the oldest task that is not over was due, in seconds since 1970, as of the last poll; absent while there is none. Its lag: time() minus this.",
);

/// Every figure, in the order in which they are shown.
pub const FAMILIES: &[Family] = &[
    BUILD_INFO,
    SYNCS,
    SYNC_DURATION,
    SYNC_LAST_SUCCESS,
    SYNC_READ,
    SYNC_RECORDS,
    SYNC_CHANGES,
    SYNC_FOUND,
    SYNC_PAGES,
    SOURCE_SILENT,
    GUARD_HOLDS,
    GUARD_HELD,
    TASKS,
    TASK_DURATION,
    HANDLERS_OVERDUE,
    POLL_FAILURES,
    POLL_LAST_SUCCESS,
    TASKS_OPEN,
    TASKS_OLDEST,
    HTTP_REQUESTS,
    HTTP_RETRIES,
    HTTP_DURATION,
];

impl Family {
    /// Writes it as Prometheus' text format has it, app by app.
    pub(super) fn write(&self, apps: &BTreeMap<&str, &BTreeMap<Labels, Value>>, text: &mut String) {
        let (name, help) = (self.name, self.help.replace('\\', "\\\\"));
        let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {}", self.kind.name());
        for (app, series) in apps {
            for (values, value) in *series {
                let labels = self.labels(app, values);
                match value {
                    Value::Number(number) => {
                        let _ = writeln!(text, "{name}{{{labels}}} {number}");
                    }
                    Value::Histogram(histogram) => write_histogram(name, &labels, histogram, text),
                }
            }
        }
    }

    fn labels(&self, app: &str, values: &Labels) -> String {
        let mut labels = format!("app=\"{}\"", escaped(app));
        for (label, value) in self.labels.iter().zip(values) {
            let _ = write!(labels, ",{label}=\"{}\"", escaped(value));
        }
        labels
    }
}

fn write_histogram(name: &str, labels: &str, histogram: &Histogram, text: &mut String) {
    for (bound, count) in histogram.cumulated() {
        let _ = writeln!(text, "{name}_bucket{{{labels},le=\"{bound}\"}} {count}");
    }
    let (sum, count) = (histogram.sum(), histogram.count());
    let _ = writeln!(text, "{name}_bucket{{{labels},le=\"+Inf\"}} {count}");
    let _ = writeln!(text, "{name}_sum{{{labels}}} {sum}\n{name}_count{{{labels}}} {count}");
}

/// As a label's value has to be written.
fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
