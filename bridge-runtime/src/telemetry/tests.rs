//! Figures and health, on a clock that the test sets.

use std::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

use super::*;
use crate::generated::assert_documented;

#[derive(Default)]
struct HandClock(AtomicU64);

impl HandClock {
    fn forward(&self, seconds: u64) {
        self.0.fetch_add(seconds, Relaxed);
    }
}

#[async_trait::async_trait]
impl Clock for HandClock {
    fn now(&self) -> Duration {
        Duration::from_secs(self.0.load(Relaxed))
    }

    async fn sleep(&self, _: Duration) {}
}

fn scene() -> (Telemetry, Arc<Meter>, Arc<HandClock>) {
    let (telemetry, clock) = (Telemetry::default(), Arc::new(HandClock::default()));
    let meter = telemetry.meter("HR", &[], vec!["rotate_keys"], &(clock.clone() as Arc<dyn Clock>));
    (telemetry, meter, clock)
}

#[test]
fn loops_that_do_not_turn_for_half_a_minute_are_dead_and_not_ready() {
    let (telemetry, meter, clock) = scene();
    clock.forward(3_600);
    assert!(telemetry.liveness().is_good(), "a start that takes its time is no hang");
    meter.begin();
    clock.forward(30);
    assert!(telemetry.liveness().is_good() && telemetry.readiness(&["HR"]).is_good());
    clock.forward(1);
    let health = telemetry.liveness();
    assert!(!health.is_good() && !telemetry.readiness(&["HR"]).is_good());
    assert_eq!(health.to_string(), "failed\n[-] HR: its loops have not turned for 31 s\n");
    meter.beat();
    assert_eq!(telemetry.liveness().to_string(), "ok\n[+] HR: its loops turn\n");
}

#[test]
fn it_is_not_ready_before_it_runs_while_iden_cannot_be_had_and_while_it_stops() {
    let (telemetry, meter, clock) = scene();
    let is_ready = || telemetry.readiness(&["HR"]).is_good();
    assert!(!is_ready(), "attached, and not running");
    meter.begin();
    assert!(is_ready());
    assert!(!telemetry.readiness(&["HR", "HR Asia"]).is_good(), "one of two");
    meter.not_reached("Iden cannot be had: the server answered 401".to_owned());
    let said = telemetry.readiness(&["HR"]).to_string();
    assert_eq!(said, "failed\n[-] HR: Iden cannot be had: the server answered 401\n");
    assert!(telemetry.liveness().is_good(), "a restart would not help");
    meter.reached();
    assert!(is_ready());
    meter.stop();
    clock.forward(3_600);
    assert!(!is_ready() && telemetry.liveness().is_good(), "what is stopping is left alone");
}

#[test]
fn it_is_not_ready_after_five_minutes_without_a_poll_that_went_well() {
    let (telemetry, meter, clock) = scene();
    meter.begin();
    let failing = "failed\n[-] HR: polls for tasks have failed for 5 min: the server answered 403\n";
    meter.polled(Some("no answer"));
    for _ in 0..10 {
        clock.forward(30);
        meter.beat();
        // Syncs reach Iden meanwhile.
        meter.reached();
        assert_eq!(telemetry.readiness(&["HR"]).is_good(), clock.now() < Duration::from_secs(300));
        meter.polled(Some("the server answered 403"));
    }
    assert_eq!(telemetry.readiness(&["HR"]).to_string(), failing);
    assert!(telemetry.liveness().is_good(), "a restart would not help");
    assert!(telemetry.prometheus().contains("bridge_task_poll_failures_total{app=\"HR\"} 11\n"));
    assert!(!telemetry.prometheus().contains("bridge_task_poll_last_success_timestamp_seconds"));
    meter.polled(None);
    assert!(telemetry.readiness(&["HR"]).is_good());
    assert!(telemetry.prometheus().contains("bridge_task_poll_last_success_timestamp_seconds{app=\"HR\"}"));
}

#[test]
fn a_label_never_grows_with_what_iden_says() {
    let (telemetry, meter, _) = scene();
    for action in ["suspend_account", "rotate_keys", "x\" 1\n", "anything", "anything else"] {
        meter.add(&TASKS, &[meter.action(action), "completed"], 1);
    }
    let text = telemetry.prometheus();
    assert!(text.contains("bridge_tasks_total{app=\"HR\",action=\"suspend_account\",outcome=\"completed\"} 1\n"));
    assert!(text.contains("bridge_tasks_total{app=\"HR\",action=\"rotate_keys\",outcome=\"completed\"} 1\n"));
    assert!(text.contains("bridge_tasks_total{app=\"HR\",action=\"other\",outcome=\"completed\"} 3\n"));
}

#[test]
fn every_rate_begins_at_zero_so_that_the_first_step_is_seen() {
    let (telemetry, ..) = scene();
    let text = telemetry.prometheus();
    for series in [
        "bridge_syncs_total{app=\"HR\",outcome=\"failed\"}",
        "bridge_sync_duration_seconds_count{app=\"HR\",outcome=\"failed\"}",
        "bridge_tasks_total{app=\"HR\",action=\"rotate_keys\",outcome=\"failed\"}",
        "bridge_task_duration_seconds_count{app=\"HR\",action=\"rotate_keys\"}",
    ] {
        assert!(text.contains(&format!("{series} 0\n")), "{series} in {text}");
    }
}

#[test]
fn a_name_of_an_app_is_escaped() {
    let clock: Arc<dyn Clock> = Arc::new(HandClock::default());
    let telemetry = Telemetry::default();
    telemetry.meter("a \"b\" \\ c\nd", &[], Vec::new(), &clock);
    assert!(telemetry.prometheus().contains(r#"bridge_guard_held{app="a \"b\" \\ c\nd"} 0"#));
}

#[test]
fn an_app_that_is_attached_again_goes_on_counting() {
    let (telemetry, meter, clock) = scene();
    meter.add(&SYNCS, &["completed"], 1);
    let again = telemetry.meter("HR", &[], Vec::new(), &(clock as Arc<dyn Clock>));
    again.add(&SYNCS, &["completed"], 1);
    assert!(telemetry.prometheus().contains("bridge_syncs_total{app=\"HR\",outcome=\"completed\"} 2\n"));
}

#[test]
fn every_figure_is_documented() {
    let mut table = "| figure | kind | labels beside `app` | |\n|---|---|---|---|\n".to_owned();
    for Family { name, kind, labels, help } in FAMILIES {
        let labels = labels.iter().map(|label| format!("`{label}`")).collect::<Vec<_>>().join(", ");
        table += &format!("| `{name}` | {} | {labels} | {help} |\n", kind.name());
    }
    assert_documented("docs/telemetry.md", "figures", &table);
}
