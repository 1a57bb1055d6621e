//! The figures of a connector at work, against what it did; and when it is ready.

use std::{collections::BTreeSet, fs, path::Path, time::Duration};

use bridge_sandbox::Fault;
use iden_bridge::{
    connector::Schedule,
    telemetry::{FAMILIES, FamilyKind, Telemetry},
};
use serde_json::json;

use crate::{
    canary_handlers::KEY,
    company::{NAME, Stage, go_on},
    log::Log,
    running::while_running,
    scrape::Figures,
    tasks::{about, all},
};

fn figures(telemetry: &Telemetry) -> Figures {
    Figures::of(&telemetry.prometheus())
}

fn often() -> Schedule {
    let second = Duration::from_secs(1);
    Schedule::default().sync_every(Duration::from_secs(3600)).poll_every(second, second)
}

#[tokio::test]
async fn a_scrape_says_what_syncs_and_tasks_did() {
    let (stage, telemetry) = (Stage::with(120).await, Telemetry::default());
    let target = stage.target().telemetry(telemetry.clone());
    let connector = stage.connector_with(all()).attach(&target, json!({})).await.unwrap();
    assert!(!figures(&telemetry).has("bridge_sync_last_success_timestamp_seconds"), "there was none yet");
    // One page has to be sent twice.
    stage.sandbox.fault(Fault::ending("PUT", "/team/").times(1).answer(502, "no"));
    stage.company.unreadable.lock().unwrap().push(7);
    let before = jiff::Timestamp::now().as_millisecond() as f64 / 1000.0;
    connector.sync(&go_on()).await.unwrap();

    let now = figures(&telemetry);
    let records = |slug: &str, outcome: &str| {
        now.value("bridge_sync_records_total", &[("app", NAME), ("resource_type", slug), ("outcome", outcome)])
    };
    assert_eq!((records("employee", "created"), records("employee", "unreadable")), (119.0, 1.0));
    assert_eq!((records("team", "created"), records("seat", "created"), records("team", "refused")), (2.0, 1.0, 0.0));
    let of = |slug| [("resource_type", slug)];
    assert_eq!(now.value("bridge_sync_records_read_total", &of("employee")), 119.0);
    assert_eq!(now.value("bridge_sync_pages_total", &of("employee")), 2.0);
    assert_eq!(now.value("bridge_syncs_total", &[("outcome", "completed")]), 1.0);
    assert!(now.value("bridge_sync_last_success_timestamp_seconds", &[]) >= before);
    let pushes = |status| now.value("bridge_http_requests_total", &[("operation", "push_page"), ("status", status)]);
    assert_eq!((pushes("2xx"), pushes("5xx")), (4.0, 1.0));
    assert_eq!(now.value("bridge_http_retries_total", &[("operation", "push_page")]), 1.0);

    let app = stage.app();
    let done = app.queue(about("suspend_account", 1));
    let failed = app.queue(about("suspend_account", 9_999));
    let unknown = app.queue(about("rotate_keys", 2));
    connector.tasks_once(&go_on()).await.unwrap();
    let now = figures(&telemetry);
    let tasks = |action, outcome| now.value("bridge_tasks_total", &[("action", action), ("outcome", outcome)]);
    app.assert_task_completed(done);
    assert_eq!(
        (app.task(failed).unwrap().status, app.task(unknown).unwrap().status),
        ("failed".into(), "failed".into())
    );
    assert_eq!(tasks("suspend_account", "completed"), 1.0);
    assert_eq!((tasks("suspend_account", "failed"), tasks("other", "failed")), (1.0, 1.0));
    assert!(!now.has("bridge_tasks_oldest_open_timestamp_seconds"), "nothing is left");
}

#[tokio::test]
async fn a_hold_is_counted_and_shown_until_it_is_over_also_after_a_restart() {
    let (stage, telemetry) = (Stage::with(20).await, Telemetry::default());
    let connector = stage.connector().attach(&stage.target().telemetry(telemetry.clone()), json!({})).await.unwrap();
    connector.sync(&go_on()).await.unwrap();
    stage.company.lose(1..=10);
    connector.sync(&go_on()).await.unwrap_err();
    let now = figures(&telemetry);
    assert_eq!(now.value("bridge_guard_holds_total", &[]), 1.0);
    assert_eq!(now.value("bridge_syncs_total", &[("outcome", "held")]), 1.0);
    assert_eq!(now.value("bridge_guard_held", &[]), 1.0);
    let last = now.value("bridge_sync_last_success_timestamp_seconds", &[]);
    drop(connector);

    let after = Telemetry::default();
    let connector = stage.connector().attach(&stage.target().telemetry(after.clone()), json!({})).await.unwrap();
    let now = figures(&after);
    assert_eq!(now.value("bridge_guard_held", &[]), 1.0);
    assert!((now.value("bridge_sync_last_success_timestamp_seconds", &[]) - last).abs() < 60.0, "it is remembered");
    stage.company.gain(1..=10);
    connector.sync(&go_on()).await.unwrap();
    assert_eq!(figures(&after).value("bridge_guard_held", &[]), 0.0);
}

#[tokio::test]
async fn the_lag_of_tasks_is_the_age_of_the_oldest_that_is_not_over() {
    let (stage, telemetry) = (Stage::with(5).await, Telemetry::default());
    let target = stage.target().telemetry(telemetry.clone());
    let connector = stage.connector_with(all()).attach(&target, json!({})).await.unwrap();
    stage.sandbox.fault(Fault::ending("PATCH", "/status/").answer(500, "no"));
    let since = jiff::Timestamp::now().as_second() as f64;
    stage.app().queue(about("suspend_account", 1));
    connector.tasks_once(&go_on()).await.unwrap();
    let now = figures(&telemetry);
    assert_eq!(now.value("bridge_tasks_open", &[("state", "unreported")]), 1.0);
    let oldest = now.value("bridge_tasks_oldest_open_timestamp_seconds", &[]);
    assert!((since..since + 60.0).contains(&oldest), "{oldest} after {since}");
    stage.sandbox.clear_faults();
    connector.tasks_once(&go_on()).await.unwrap();
    let now = figures(&telemetry);
    assert_eq!(now.value("bridge_tasks_open", &[("state", "unreported")]), 0.0);
    assert!(!now.has("bridge_tasks_oldest_open_timestamp_seconds"));
}

#[tokio::test]
async fn it_is_ready_while_it_runs_and_iden_takes_its_key_and_not_otherwise() {
    let telemetry = Telemetry::default();
    let stage = Stage::on(bridge_sandbox::Sandbox::builder().api_key(KEY.text), 5).await;
    let readiness = || telemetry.readiness(&[NAME]);
    assert!(!readiness().is_good(), "nothing is attached");
    let target = stage.target().telemetry(telemetry.clone());
    let connector = stage.connector_with(all()).attach(&target, json!({})).await.unwrap();
    assert!(!readiness().is_good(), "it does not run");
    let until = async |ready: bool| {
        while readiness().is_good() != ready {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    while_running(&connector, &often(), async {
        until(true).await;
        stage.sandbox.revoke_key();
        until(false).await;
        assert!(readiness().to_string().contains("403"), "{}", readiness());
        assert!(!readiness().to_string().contains(KEY.text));
        assert!(telemetry.liveness().is_good(), "a restart would not help");
        stage.sandbox.add_key(KEY.text);
        until(true).await;
    })
    .await;
    assert!(!readiness().is_good() && telemetry.liveness().is_good(), "it has stopped");
}

#[tokio::test]
async fn it_is_not_ready_while_it_brings_a_handler_to_its_end() {
    let (stage, telemetry) = (Stage::with(5).await, Telemetry::default());
    let target = stage.target().telemetry(telemetry.clone());
    let connector = stage.connector_with(all()).attach(&target, json!({})).await.unwrap();
    let (stop, told) = (stage.company.stop_read(), go_on());
    let schedule = often();
    let (ended, ()) = tokio::join!(connector.run(&schedule, &told), async {
        stop.reached().await;
        assert!(telemetry.readiness(&[NAME]).is_good());
        told.cancel();
        while telemetry.readiness(&[NAME]).is_good() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        assert!(telemetry.readiness(&[NAME]).to_string().contains("stopping"));
    });
    ended.unwrap();
}

#[tokio::test]
async fn what_is_logged_stands_in_the_span_of_its_sync_or_task() {
    let (stage, log) = (Stage::with(5).await, Log::start());
    let connector = stage.attach_with(all()).await;
    connector.sync(&go_on()).await.unwrap();
    let session = stage.app().sessions()[0].id;
    let line = log.line(&["sync completed"]);
    assert!(line.contains(&format!("bridge.sync{{bridge.app=\"{NAME}\" bridge.sync_id={session}}}")), "{line}");
    let task = stage.app().queue(about("suspend_account", 1));
    connector.tasks_once(&go_on()).await.unwrap();
    let line = log.line(&["carrying out"]);
    for field in [format!("bridge.task_id={task}"), "bridge.action=\"suspend_account\"".into()] {
        assert!(line.split("}:").next().unwrap().contains(&field), "{field} in {line}");
    }
}

#[test]
fn the_dashboard_shows_every_figure_and_none_that_there_is_not() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("dashboards/bridge.json");
    let dashboard: serde_json::Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let targets = panels.iter().flat_map(|panel| panel["targets"].as_array().cloned().unwrap_or_default());
    let shown: BTreeSet<String> = targets
        .flat_map(|target| {
            let expression = target["expr"].as_str().unwrap().to_owned();
            let names = expression.split(|sign: char| !sign.is_ascii_alphanumeric() && sign != '_').map(str::to_owned);
            names.filter(|name| name.starts_with("bridge_")).collect::<Vec<_>>()
        })
        .collect();
    let there = FAMILIES.iter().map(|family| match family.kind {
        FamilyKind::Histogram => format!("{}_bucket", family.name),
        _ => family.name.to_owned(),
    });
    assert_eq!(shown, there.collect());
}
