//! The running connector: one sync after the other, with tasks beside them, whatever happens.

use std::{future::Future, time::Duration};

use bridge_sandbox::{Assumptions, Fault, Sandbox};
use iden_bridge::{
    connector::{Attached, Schedule},
    journal::{Activity, Command, ControlJournal, Hold, SqliteJournal, Status},
};

use crate::{
    company::{Mood, Stage, go_on},
    sync_held::approve,
    tasks::{about, all},
    time::DayClock,
};

/// Long, for a disk that stalls.
const PATIENCE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);

/// Syncs every hour and polls every second, on a clock that is twenty times as fast.
fn hourly() -> Schedule {
    Schedule::default().sync_every(HOUR).poll_every(Duration::from_secs(1), Duration::from_secs(1))
}

/// Runs the connector as long as `body` takes, and then stops it.
pub async fn while_running<S, T>(connector: &Attached<S>, schedule: &Schedule, body: impl Future<Output = T>) -> T
where
    S: Send + Sync + 'static,
{
    let stop = go_on();
    let mut running = Box::pin(connector.run(schedule, &stop));
    let done = tokio::select! {
        ended = &mut running => panic!("it ends by itself: {ended:?}"),
        done = tokio::time::timeout(PATIENCE, body) => match done {
            Ok(done) => done,
            Err(_) => {
                let said = Beside::of(connector).0.status().await;
                panic!("it does not come that far; it says {said:?}")
            }
        },
    };
    stop.cancel();
    tokio::time::timeout(PATIENCE, running).await.expect("it stops").unwrap();
    done
}

/// What the command line has of a running connector.
struct Beside(SqliteJournal);

impl Beside {
    fn of<S: Send + Sync + 'static>(connector: &Attached<S>) -> Self {
        Beside(SqliteJournal::beside(connector.state()).unwrap())
    }

    async fn ask(&self) {
        self.0.ask(Command::Sync, jiff::Timestamp::now()).await.unwrap();
    }

    /// What it says, as soon as it says something like that and not earlier than `since`.
    async fn says(&self, since: jiff::Timestamp, like: impl Fn(&Activity) -> bool) -> Status {
        loop {
            let said = self.0.status().await.unwrap();
            if let Some(said) = said.filter(|said| said.at >= since && like(&said.activity)) {
                return said;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    /// Asks for a sync, and waits until it has ended.
    async fn sync(&self) -> Status {
        let since = jiff::Timestamp::now();
        self.ask().await;
        self.says(since, is_over).await
    }
}

fn is_over(activity: &Activity) -> bool {
    matches!(activity, Activity::Waiting { .. } | Activity::Held { .. } | Activity::Failed { .. })
}

/// How long it waits for its next sync.
fn wait(said: &Status) -> Duration {
    let (Activity::Waiting { until } | Activity::Held { until, .. } | Activity::Failed { until, .. }) = &said.activity
    else {
        panic!("it does not wait: {said:?}")
    };
    until.duration_since(said.at).try_into().unwrap()
}

#[track_caller]
fn is_an_hour(wait: Duration) {
    assert!((HOUR * 9 / 10 - Duration::from_secs(1)..=HOUR * 11 / 10).contains(&wait), "{wait:?}");
}

fn name(activity: &Activity) -> String {
    match activity {
        Activity::Reading { slug, .. } => format!("reading {slug}"),
        other => serde_json::to_value(other).unwrap()["doing"].as_str().unwrap().to_owned(),
    }
}

#[tokio::test]
async fn it_says_what_it_is_doing_from_the_first_step_to_the_last() {
    let stage = Stage::with(20).await;
    let connector = stage.attach().await;
    let (beside, long) = (Beside::of(&connector), Duration::from_millis(150));
    stage.sandbox.fault(Fault::ending("POST", "/sync/").delay(long));
    stage.sandbox.fault(Fault::ending("POST", "/complete/").delay(long));
    // After those at the beginning and before completing: whether the clean-up is done.
    stage.sandbox.fault(Fault::on("GET", "/sync/").after(2).delay(long));
    let stop = stage.company.stop_read();
    let since = jiff::Timestamp::now();
    let steps = async {
        let mut steps = Vec::new();
        loop {
            let said = beside.says(since, |_| true).await;
            let step = name(&said.activity);
            if steps.last() != Some(&step) {
                steps.push(step);
            }
            if is_over(&said.activity) {
                return (steps, said);
            }
            if matches!(&said.activity, Activity::Reading { slug, .. } if slug == "employee") {
                stop.go_on();
            }
        }
    };

    let (steps, said) = while_running(&connector, &hourly(), steps).await;

    let slow: Vec<&str> = steps.iter().map(String::as_str).filter(|step| !is_quick(step)).collect();
    assert_eq!(slow, ["opening", "reading employee", "completing", "settling", "waiting"]);
    assert_eq!(said.pid, std::process::id());
    is_an_hour(wait(&said));
    assert_eq!(beside.0.status().await.unwrap().unwrap().activity, Activity::Stopped);
}

/// Steps that may be over before anybody looks.
fn is_quick(step: &str) -> bool {
    ["reading team", "reading seat", "verifying"].contains(&step)
}

#[tokio::test]
async fn syncs_never_overlap_whoever_wants_them() {
    // A second session is refused while one is open.
    let mut assumptions = Assumptions::default();
    assumptions.several_sessions = false;
    let stage = Stage::on(Sandbox::builder().assumptions(assumptions), 20).await;
    let connector = stage.attach().await;
    let (beside, go) = (Beside::of(&connector), go_on());
    // From the end of one to the start of the next: 1 s, which is 50 ms.
    let schedule = hourly().sync_every(Duration::from_secs(1));
    stage.sandbox.fault(Fault::ending("POST", "/complete/").delay(Duration::from_millis(30)));
    let wanted = async {
        while stage.app().sessions().len() < 12 {
            beside.ask().await;
            let (a, b) = tokio::join!(connector.sync(&go), connector.sync(&go));
            assert!(a.unwrap().completed && b.unwrap().completed);
        }
    };

    while_running(&connector, &schedule, wanted).await;

    let posts = stage.sandbox.requests().into_iter().filter(|request| request.method == "POST");
    let steps: Vec<String> =
        posts.map(|post| post.path.trim_end_matches('/').rsplit('/').next().unwrap().to_owned()).collect();
    let steps: Vec<&str> =
        steps.iter().map(String::as_str).filter(|step| ["sync", "complete", "abandon"].contains(step)).collect();
    assert!(steps.len() >= 24, "{steps:?}");
    for pair in steps.chunks(2) {
        assert!(matches!(pair, ["sync", "complete" | "abandon"]), "one session at a time: {steps:?}");
    }
}

#[tokio::test]
async fn after_each_failure_in_a_row_it_waits_longer_and_one_success_ends_that() {
    let stage = Stage::with(20).await;
    let connector = stage.attach_with(all()).await;
    let beside = Beside::of(&connector);
    *stage.company.mood.lock().unwrap() = Mood::FailsAfter(5);
    let since = jiff::Timestamp::now();
    let turns = async {
        let mut waits = vec![wait(&beside.says(since, is_over).await)];
        for _ in 0..3 {
            let said = beside.sync().await;
            assert!(matches!(&said.activity, Activity::Failed { why, .. } if why.contains("the database went away")));
            waits.push(wait(&said));
        }
        // Tasks go on meanwhile.
        let task = stage.app().queue(about("suspend_account", 7));
        stage.app().wait_until_task_done(task, PATIENCE).await;
        *stage.company.mood.lock().unwrap() = Mood::Well;
        let well = beside.sync().await;
        *stage.company.mood.lock().unwrap() = Mood::FailsAfter(5);
        (waits, well, wait(&beside.sync().await))
    };

    let (waits, well, again) = while_running(&connector, &hourly(), turns).await;

    assert!(waits[0] < HOUR / 10, "the first time it is soon back: {waits:?}");
    for pair in waits.windows(2) {
        assert!(pair[1] >= pair[0] * 3 / 2, "{waits:?}");
    }
    assert!(waits.iter().all(|wait| *wait <= HOUR * 11 / 10), "{waits:?}");
    assert!(matches!(well.activity, Activity::Waiting { .. }), "{well:?}");
    is_an_hour(wait(&well));
    assert!(again < waits[0] * 3 / 2, "{again:?} after {waits:?}");
    assert_eq!(stage.last_session(), "abandoned");
    assert_eq!(stage.app().active("employee"), 20);
}

#[tokio::test]
async fn it_goes_on_after_a_sync_that_is_held_and_an_approval_is_taken() {
    let stage = Stage::with(20).await;
    let connector = stage.attach_with(all()).await;
    let beside = Beside::of(&connector);
    let since = jiff::Timestamp::now();
    let turns = async {
        beside.says(since, is_over).await;
        stage.company.lose(1..=5);
        let held = beside.sync().await;
        let Activity::Held { hash, .. } = &held.activity else { panic!("not held: {held:?}") };
        is_an_hour(wait(&held));
        assert_eq!(stage.app().active("employee"), 20);

        let task = stage.app().queue(about("suspend_account", 7));
        stage.app().wait_until_task_done(task, PATIENCE).await;
        stage.app().assert_task_completed(task);
        approve(&connector, &Hold::new(hash, Vec::new())).await;
        beside.sync().await
    };

    let last = while_running(&connector, &hourly(), turns).await;

    assert!(matches!(last.activity, Activity::Waiting { .. }), "{last:?}");
    assert_eq!(stage.app().active("employee"), 15);
    assert_eq!(stage.held(7)["status"], "suspended");
}

#[tokio::test]
async fn a_sync_that_is_asked_for_during_another_one_follows_it() {
    let stage = Stage::with(20).await;
    let connector = stage.attach().await;
    let (beside, stop) = (Beside::of(&connector), stage.company.stop_read());
    let turns = async {
        stop.reached().await;
        // Too late for the sync that is under way.
        stage.company.gain([21]);
        beside.ask().await;
        stop.go_on();
        while stage.app().record("employee", "21").is_none() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let sessions = stage.app().sessions();
        assert_eq!((sessions.len(), sessions[0].status.as_str()), (2, "completed"));
    };
    while_running(&connector, &hourly(), turns).await;
}

#[tokio::test]
async fn told_to_stop_while_it_reads_it_abandons_and_says_that_it_has_stopped() {
    let stage = Stage::with(20).await;
    let connector = stage.attach().await;
    let (beside, stop) = (Beside::of(&connector), stage.company.stop_read());
    while_running(&connector, &hourly(), stop.reached()).await;
    assert_eq!(stage.last_session(), "abandoned");
    assert_eq!(beside.0.status().await.unwrap().unwrap().activity, Activity::Stopped);
}

#[tokio::test]
async fn polls_that_fail_stop_no_sync_and_come_back() {
    let stage = Stage::with(20).await;
    let connector = stage.attach_with(all()).await;
    let beside = Beside::of(&connector);
    stage.sandbox.fault(Fault::on("GET", "/tasks/").answer(500, "no"));
    let since = jiff::Timestamp::now();
    let task = stage.app().queue(about("suspend_account", 7));
    let turns = async {
        let said = beside.says(since, is_over).await;
        assert!(matches!(said.activity, Activity::Waiting { .. }), "{said:?}");
        stage.sandbox.clear_faults();
        stage.app().wait_until_task_done(task, PATIENCE).await;
    };
    while_running(&connector, &hourly(), turns).await;
    stage.app().assert_task_completed(task);
}

#[tokio::test]
async fn a_clock_that_is_set_right_brings_the_next_sync_at_its_next_time() {
    let stage = Stage::with(20).await;
    let clock = std::sync::Arc::new(DayClock::default());
    clock.set_forward(365 * 24);
    let target = stage.target().clock(clock.clone());
    let connector = stage.connector().attach(&target, serde_json::json!({})).await.unwrap();
    let beside = Beside::of(&connector);
    let nightly = Schedule::default().sync_at("30 2 * * *".parse().unwrap());
    let until = |said: Status| match said.activity {
        Activity::Waiting { until } => until,
        other => panic!("{other:?}"),
    };
    while_running(&connector, &nightly, async {
        let waits = |activity: &Activity| matches!(activity, Activity::Waiting { .. });
        let said = beside.says(jiff::Timestamp::UNIX_EPOCH, waits).await;
        assert!(until(said) > jiff::Timestamp::now() + jiff::SignedDuration::from_hours(300 * 24));
        clock.set_forward(-365 * 24);
        let day = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(24);
        let soon = |activity: &Activity| matches!(activity, Activity::Waiting { until } if *until <= day);
        beside.says(jiff::Timestamp::UNIX_EPOCH, soon).await;
    })
    .await;
}
