//! What a line looks like: docs/telemetry.md.

use std::{
    io,
    sync::{Arc, Mutex},
};

use serde_json::json;
use tracing_subscriber::layer::SubscriberExt as _;

use super::*;

#[derive(Clone, Default)]
struct Page(Arc<Mutex<Vec<u8>>>);

impl io::Write for Page {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What `work` logs, line by line.
fn logged(work: impl FnOnce()) -> Vec<Value> {
    let page = Page::default();
    let writer = page.clone();
    let subscriber = tracing_subscriber::registry().with(JsonLines(move || writer.clone()));
    tracing::subscriber::with_default(subscriber, work);
    let text = String::from_utf8(page.0.lock().unwrap().clone()).unwrap();
    assert!(text.is_empty() || text.ends_with('\n'), "{text}");
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error} in {line}"))).collect()
}

#[test]
fn a_line_says_when_how_grave_from_where_and_what() {
    let lines =
        logged(|| tracing::warn!(target: "bridge_runtime::sync", { bridge.records = 7, held = true }, "not yet"));
    let [line] = &lines[..] else { panic!("{lines:?}") };
    let at: jiff::Timestamp = line["timestamp"].as_str().unwrap().parse().expect("RFC 3339");
    assert!(jiff::Timestamp::now().duration_since(at).as_secs().abs() < 60, "{at}");
    let mut rest = line.clone();
    rest.as_object_mut().unwrap().remove("timestamp");
    let expected = json!({
        "level": "WARN", "target": "bridge_runtime::sync", "message": "not yet",
        "bridge.records": 7, "held": true, "spans": [],
    });
    assert_eq!(rest, expected);
}

#[test]
fn a_message_never_becomes_a_second_line_or_breaks_its_own() {
    let hostile = "a \"quote\", a \\, a line\r\nend, \u{1b}[31mred\u{1b}[0m, \u{0}, \u{2028} and {\"level\":\"ERROR\"}";
    let lines = logged(|| tracing::error!(who = hostile, "{hostile}"));
    assert_eq!(lines.len(), 1);
    assert_eq!((&lines[0]["message"], &lines[0]["who"]), (&json!(hostile), &json!(hostile)));
    assert_eq!(lines[0]["level"], "ERROR");
}

#[test]
fn spans_stand_from_the_outermost_one_with_their_fields_also_those_that_came_later() {
    let lines = logged(|| {
        let sync = tracing::info_span!("bridge.sync", bridge.app = "HR", bridge.sync_id = tracing::field::Empty);
        sync.in_scope(|| {
            tracing::info!("opening");
            sync.record("bridge.sync_id", "s-1");
            tracing::info_span!("bridge.sync.page", bridge.records = 100).in_scope(|| tracing::info!("pushed"));
        });
        tracing::info!("after");
    });
    assert_eq!(lines[0]["spans"], json!([{"name": "bridge.sync", "bridge.app": "HR"}]));
    let both = json!([
        {"name": "bridge.sync", "bridge.app": "HR", "bridge.sync_id": "s-1"},
        {"name": "bridge.sync.page", "bridge.records": 100},
    ]);
    assert_eq!(lines[1]["spans"], both);
    assert_eq!(lines[2]["spans"], json!([]));
}

#[derive(Debug, thiserror::Error)]
#[error("the page did not go out")]
struct Outer(#[source] Inner);

#[derive(Debug, thiserror::Error)]
#[error("the line is \"busy\"")]
struct Inner;

#[test]
fn nothing_is_lost_of_an_odd_value() {
    let lines = logged(|| {
        let error = Outer(Inner);
        tracing::info!(
            large = u128::MAX,
            small = i128::MIN,
            fits = 5_u128,
            most = u64::MAX,
            least = i64::MIN,
            half = 0.5,
            none = f64::NAN,
            endless = f64::INFINITY,
            error = &error as &(dyn Error + 'static),
            debug = ?Some("x"),
            display = %"y",
            r#type = "keyword",
        );
    });
    let line = &lines[0];
    let expected = [
        ("large", json!("340282366920938463463374607431768211455")),
        ("small", json!("-170141183460469231731687303715884105728")),
        ("fits", json!(5)),
        ("most", json!(u64::MAX)),
        ("least", json!(i64::MIN)),
        ("half", json!(0.5)),
        ("none", json!("NaN")),
        ("endless", json!("inf")),
        ("error", json!("the page did not go out: the line is \"busy\"")),
        ("debug", json!("Some(\"x\")")),
        ("display", json!("y")),
        ("type", json!("keyword")),
    ];
    for (name, value) in expected {
        assert_eq!(line[name], value, "{name}");
    }
}

#[test]
fn a_field_does_not_take_the_place_of_what_the_line_says_itself() {
    let lines = logged(|| {
        tracing::info_span!("outer", name = "mine").in_scope(|| {
            tracing::info!(level = "high", target = "moon", timestamp = 0, spans = 2, "landed");
        });
    });
    let line = &lines[0];
    assert_eq!((&line["level"], &line["message"]), (&json!("INFO"), &json!("landed")));
    assert_eq!((&line["field.level"], &line["field.target"]), (&json!("high"), &json!("moon")));
    assert_eq!((&line["field.timestamp"], &line["field.spans"]), (&json!(0), &json!(2)));
    assert_eq!(line["spans"], json!([{"name": "outer", "field.name": "mine"}]));
}
