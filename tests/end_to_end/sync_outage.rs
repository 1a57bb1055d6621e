//! Iden fails from any request of a sync on, in every way, for a while or for good: nobody who is there is removed, what is
//! said of the session is true, and the next sync makes up for it.

use bridge_sandbox::Fault;
use iden_bridge::{Exit, connector::ConnectorError, sync::SyncError};
use tokio::task::JoinSet;

use crate::{
    company::go_on,
    trouble::{assert_in_step, assert_nobody_present_is_removed, failure, with_a_leaver},
};

type Way = (&'static str, fn(Fault) -> Fault);

const STUMBLES: Way = ("500", |fault| fault.answer(500, "down"));
const GATEWAY: Way = ("502", |fault| fault.answer_raw(502, "text/html", "<h1>Bad Gateway</h1>"));
const CUT: Way = ("no answer", Fault::drop_connection);
// These two act.
const LOST: Way = ("lost answer", Fault::lose_answer);
const GARBLED: Way = ("garbled answer", Fault::garble_answer);

/// The requests of a sync of 120 people: open, look, a page of teams and one of seats, two of people, count, complete, and
/// look whether it is done.
const REQUESTS: usize = 9;

/// One sync that fails from this request on, for so many requests, and the one after it.
async fn outage((name, way): Way, from: usize, requests: usize) {
    let place = format!("{requests} of `{name}` from request {from} on");
    let (stage, connector) = with_a_leaver(120).await;
    let held = |id: &str| !stage.app().record("employee", id).unwrap().removed;
    stage.sandbox.fault(way(Fault::on("*", "/sync/")).after(from).times(requests));

    let ended = connector.sync(&go_on()).await;

    assert_nobody_present_is_removed(&stage);
    let sessions = stage.app().sessions();
    let completed = sessions[1..].iter().filter(|session| session.status == "completed").count();
    match ended {
        Ok(report) => {
            assert!(report.completed, "{place}");
            assert_in_step(&stage);
        }
        Err(error) => {
            assert_eq!(Exit::of(&error), Exit::Unavailable, "{place}: {error}");
            // It says that nobody was removed, or that this is not known.
            let unknown =
                matches!(&error, ConnectorError::Sync(failure) if matches!(failure.error, SyncError::Unsettled { .. }));
            assert!(unknown || (completed == 0 && held("120")), "{place}: {}", failure(error));
            assert!(completed <= 1 && (completed == 0) == held("120"), "{place}");
        }
    }

    stage.sandbox.clear_faults();
    connector.sync(&go_on()).await.unwrap_or_else(|error| panic!("after {place}: {error}"));
    assert_in_step(&stage);
    let removed = stage.app().sessions().pop().unwrap().removed;
    assert_eq!(removed.len(), usize::from(completed == 0), "{place}: 120 goes once");
}

async fn everywhere(ways: &[Way], requests: usize) {
    let mut outages = JoinSet::new();
    for way in ways {
        for from in 0..REQUESTS {
            outages.spawn(outage(*way, from, requests));
        }
    }
    while let Some(ended) = outages.join_next().await {
        ended.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_failures_anywhere_remove_nobody() {
    everywhere(&[STUMBLES, GATEWAY, CUT, LOST, GARBLED], 2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_failures_anywhere_remove_nobody() {
    everywhere(&[GATEWAY, CUT, LOST], 5).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn failure_for_good_from_anywhere_removes_nobody() {
    everywhere(&[STUMBLES, CUT, LOST], usize::MAX).await;
}

#[tokio::test]
async fn a_sync_makes_as_many_requests_as_the_tests_here_take_apart() {
    let (stage, connector) = with_a_leaver(120).await;
    connector.sync(&go_on()).await.unwrap();
    let made = stage.sandbox.requests();
    assert_eq!(
        made.len(),
        REQUESTS,
        "{:?}",
        made.iter().map(|one| format!("{} {}", one.method, one.path)).collect::<Vec<_>>()
    );
}
