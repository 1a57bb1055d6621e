//! A source that stops short, at whatever record: nobody is removed for it.

use std::time::{Duration, Instant};

use bridge_sandbox::Fault;
use iden_bridge::{Exit, connector::Attached, sync::SyncError};
use tokio_util::sync::CancellationToken;

use crate::{
    company::{Hr, Mood, Stage, go_on},
    trouble::{
        assert_abandoned, assert_in_step, assert_last, assert_mended, assert_nobody_present_is_removed, calls, failure,
        with_a_leaver,
    },
};

/// Around the ends of the pages of 250 people, and after the last of them.
const AROUND_PAGES: [usize; 9] = [0, 1, 99, 100, 101, 199, 200, 249, 250];

async fn fails(stage: &Stage, connector: &Attached<Hr>, mood: Mood, active: usize) -> SyncError {
    *stage.company.mood.lock().unwrap() = mood;
    let error = connector.sync(&go_on()).await.expect_err("the read did not reach its end");
    assert_abandoned(stage, &error, Exit::Unavailable, active);
    failure(error)
}

async fn recovers(stage: &Stage, connector: &Attached<Hr>) {
    *stage.company.mood.lock().unwrap() = Mood::Well;
    assert_mended(stage, connector).await;
}

#[tokio::test]
async fn an_error_at_any_record_of_a_small_company_removes_nobody() {
    let (stage, connector) = with_a_leaver(8).await;
    for at in 0..=7 {
        let error = fails(&stage, &connector, Mood::FailsAfter(at), 8).await;
        assert!(
            matches!(error, SyncError::Source { slug: "employee", read, .. } if read == at as u64),
            "{at}: {error}"
        );
        let error = fails(&stage, &connector, Mood::PanicsAfter(at), 8).await;
        assert!(
            matches!(error, SyncError::SourcePanicked { slug: "employee", read } if read == at as u64),
            "{at}: {error}"
        );
    }
    recovers(&stage, &connector).await;
}

#[tokio::test]
async fn an_error_around_the_end_of_a_page_removes_nobody() {
    let (stage, connector) = with_a_leaver(251).await;
    for at in AROUND_PAGES {
        let error = fails(&stage, &connector, Mood::FailsAfter(at), 251).await;
        assert!(
            matches!(error, SyncError::Source { slug: "employee", read, .. } if read == at as u64),
            "{at}: {error}"
        );
    }
    recovers(&stage, &connector).await;
}

#[tokio::test]
async fn a_panic_around_the_end_of_a_page_removes_nobody() {
    let (stage, connector) = with_a_leaver(251).await;
    for at in AROUND_PAGES {
        let error = fails(&stage, &connector, Mood::PanicsAfter(at), 251).await;
        assert!(
            matches!(error, SyncError::SourcePanicked { slug: "employee", read } if read == at as u64),
            "{at}: {error}"
        );
    }
    recovers(&stage, &connector).await;
}

#[tokio::test]
async fn an_error_among_the_groups_removes_nobody_and_no_account_is_read() {
    let (stage, connector) = with_a_leaver(5).await;
    for at in 0..=2 {
        for mood in [Mood::FailsAfter(at), Mood::PanicsAfter(at)] {
            *stage.company.team_mood.lock().unwrap() = mood;
            let error = connector.sync(&go_on()).await.unwrap_err();
            assert_abandoned(&stage, &error, Exit::Unavailable, 5);
            assert!(error.to_string().contains("`team`"), "{error}");
        }
    }
    assert_eq!(calls(&stage, "PUT", "/employee/").len(), 0);
    *stage.company.team_mood.lock().unwrap() = Mood::Well;
    recovers(&stage, &connector).await;
}

#[tokio::test]
async fn a_first_sync_that_stops_short_leaves_what_it_pushed_and_the_next_goes_on() {
    let stage = Stage::with(250).await;
    let connector = stage.attach().await;
    *stage.company.mood.lock().unwrap() = Mood::FailsAfter(250);
    connector.sync(&go_on()).await.unwrap_err();
    assert_last(&stage, "abandoned");
    assert_nobody_present_is_removed(&stage);
    // One whom the abandoned session may have brought leaves: Iden must hear of it.
    stage.company.people.lock().unwrap().remove(&1);
    recovers(&stage, &connector).await;
}

/// Syncs, and is told to stop as soon as `when` says so. How long it took from there.
async fn stopped<F: Future>(connector: &Attached<Hr>, when: F) -> (Exit, Duration) {
    let stop = go_on();
    let (ended, told) = tokio::join!(connector.sync(&stop), async {
        when.await;
        stop.cancel();
        Instant::now()
    });
    (ended.map_or_else(|error| Exit::of(&error), |_| Exit::Done), told.elapsed())
}

async fn until_called(stage: &Stage, method: &str, end: &str) {
    while calls(stage, method, end).is_empty() {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

#[tokio::test]
async fn a_source_that_hangs_anywhere_can_be_stopped_and_nobody_is_removed() {
    let (stage, connector) = with_a_leaver(251).await;
    for at in AROUND_PAGES {
        *stage.company.mood.lock().unwrap() = Mood::HangsAfter(at);
        let (exit, _) = stopped(&connector, stage.company.hanging.notified()).await;
        assert_eq!(exit, Exit::Interrupted, "at {at}");
        assert_last(&stage, "abandoned");
        assert_eq!((stage.app().removed("employee").len(), stage.app().active("employee")), (0, 251));
    }
    recovers(&stage, &connector).await;
}

#[tokio::test]
async fn a_sync_that_is_told_to_stop_before_it_starts_opens_no_session() {
    let (stage, connector) = with_a_leaver(3).await;
    let stop = CancellationToken::new();
    stop.cancel();
    assert_eq!(Exit::of(&connector.sync(&stop).await.unwrap_err()), Exit::Interrupted);
    assert_eq!(stage.sandbox.requests().len(), 0);
    recovers(&stage, &connector).await;
}

/// Iden does not answer for a minute, which is longer than a supervisor waits for the end of a process (30 s, which is
/// 1.5 s by the clock of these tests).
const SILENCE: Duration = Duration::from_secs(60);
const PATIENCE: Duration = Duration::from_secs(5);

#[tokio::test]
async fn a_stop_is_heeded_while_a_page_is_on_its_way() {
    let (stage, connector) = with_a_leaver(150).await;
    stage.sandbox.fault(Fault::ending("PUT", "/employee/").delay(SILENCE));
    let (exit, took) = stopped(&connector, until_called(&stage, "PUT", "/employee/")).await;
    assert_eq!((exit, took < PATIENCE), (Exit::Interrupted, true), "{took:?}");
    assert_last(&stage, "abandoned");
    assert_eq!(stage.app().removed("employee"), [""; 0]);
    assert_mended(&stage, &connector).await;
}

#[tokio::test]
async fn a_stop_is_heeded_while_a_session_is_being_opened() {
    let (stage, connector) = with_a_leaver(3).await;
    stage.sandbox.fault(Fault::ending("POST", "/sync/").delay(SILENCE));
    let (exit, took) = stopped(&connector, until_called(&stage, "POST", "/sync/")).await;
    assert_eq!((exit, took < PATIENCE), (Exit::Interrupted, true), "{took:?}");
    assert_nobody_present_is_removed(&stage);
    assert_mended(&stage, &connector).await;
}

#[tokio::test]
async fn a_stop_is_heeded_while_iden_is_asked_what_became_of_a_completion() {
    let (stage, connector) = with_a_leaver(3).await;
    stage.sandbox.fault(Fault::ending("POST", "/complete/").lose_answer());
    stage.sandbox.fault(Fault::on("GET", "/sync/").after(2).answer(500, "down"));
    let unsettled = failure(connector.sync(&go_on()).await.unwrap_err());
    assert!(matches!(unsettled, SyncError::Unsettled { .. }), "{unsettled}");
    stage.sandbox.clear_faults();
    stage.sandbox.clear_requests();
    stage.sandbox.fault(Fault::on("GET", "/sync/").delay(SILENCE));
    let (exit, took) = stopped(&connector, until_called(&stage, "GET", "/sync/")).await;
    assert_eq!((exit, took < PATIENCE), (Exit::Interrupted, true), "{took:?}");
    assert_mended(&stage, &connector).await;
    assert_eq!(stage.app().sessions().len(), 3, "the one that was asked about was not given up");
}

#[tokio::test]
async fn a_stop_does_not_take_back_a_completion() {
    let (stage, connector) = with_a_leaver(3).await;
    stage.sandbox.fault(Fault::ending("POST", "/complete/").delay(Duration::from_millis(300)));
    let (exit, _) = stopped(&connector, until_called(&stage, "POST", "/complete/")).await;
    assert_eq!(exit, Exit::Done, "it is finished rather than left unknown");
    assert_in_step(&stage);
}
