//! Iden, or a gateway before it, that asks for less load or fails for a while, at each call of a session.

use std::time::Duration;

use bridge_sandbox::Fault;
use iden_bridge::{Exit, connector::Attached};
use tokio::task::JoinSet;

use crate::{
    company::{Hr, Mood, Stage, go_on},
    trouble::{assert_in_step, assert_last, assert_mended, assert_nobody_present_is_removed, calls, with_a_leaver},
};

/// The five calls of a session. To get it to abandon, the source has to fail.
const CALLS: [(&str, &str); 5] =
    [("POST", "/sync/"), ("PUT", "/employee/"), ("GET", "/sync/"), ("POST", "/complete/"), ("POST", "/abandon/")];

fn fault((method, path): (&str, &str)) -> Fault {
    if method == "GET" { Fault::on(method, path) } else { Fault::ending(method, path) }
}

/// A sync that meets `trouble` twice at one call, and comes to a good end all the same.
async fn meets(trouble: impl Fn(Fault) -> Fault, call: (&str, &str)) -> (Stage, Attached<Hr>) {
    let (stage, connector) = with_a_leaver(6).await;
    stage.sandbox.fault(trouble(fault(call).times(2)));
    if call.1 == "/abandon/" {
        *stage.company.mood.lock().unwrap() = Mood::FailsAfter(3);
        let error = connector.sync(&go_on()).await.unwrap_err();
        assert_eq!(Exit::of(&error), Exit::Unavailable);
        assert!(error.to_string().contains("the database went away"), "{call:?}: {error}");
        assert_last(&stage, "abandoned");
        assert_eq!((stage.app().active("employee"), stage.app().removed("employee").len()), (6, 0));
    } else {
        let report = connector.sync(&go_on()).await.unwrap_or_else(|error| panic!("{call:?}: {error}"));
        assert!(report.completed, "{call:?}");
        assert_in_step(&stage);
    }
    // Three of this call: two in vain, and one. GET stands in other places, too.
    let made = calls(&stage, call.0, call.1).len();
    assert!(made == 3 || (call.0 == "GET" && made > 3), "{call:?}: {made}");
    (stage, connector)
}

/// The same at every call.
async fn everywhere(trouble: impl Fn(Fault) -> Fault + Clone + Send + 'static) -> Vec<Stage> {
    let mut meetings = JoinSet::new();
    for call in CALLS {
        let trouble = trouble.clone();
        meetings.spawn(async move { meets(trouble, call).await.0 });
    }
    meetings.join_all().await
}

#[tokio::test]
async fn a_rest_that_iden_asks_for_is_kept_at_every_call_and_by_every_call() {
    for status in [429, 503] {
        let stages = everywhere(move |fault| fault.answer(status, "slow down").header("Retry-After", "2")).await;
        for stage in stages {
            let requests = stage.sandbox.requests();
            // Two seconds by the clock of these tests, which is twenty times as fast.
            let rest = Duration::from_millis(100);
            let mut rests = 0;
            for pair in requests.windows(2).filter(|pair| pair[0].status == Some(status)) {
                let rested = Duration::try_from(pair[1].at.duration_since(pair[0].at)).unwrap();
                let (before, after) = (&pair[0].path, &pair[1].path);
                assert!(rested >= rest, "{status}: {before} was to rest, and after {rested:?} came {after}");
                rests += 1;
            }
            assert_eq!(rests, 2);
        }
    }
}

#[tokio::test]
async fn a_busy_answer_without_a_time_is_waited_out_at_every_call() {
    for status in [429, 503] {
        everywhere(move |fault| fault.answer(status, "busy")).await;
    }
}

#[tokio::test]
async fn a_burst_of_a_failing_gateway_is_outlasted_at_every_call() {
    for status in [502, 504] {
        everywhere(move |fault| fault.answer_raw(status, "text/html", "<h1>Bad Gateway</h1>")).await;
    }
}

#[tokio::test]
async fn a_gateway_that_gives_up_although_the_work_is_done_changes_nothing() {
    for call in CALLS {
        if call.1 == "/complete/" || call.1 == "/abandon/" {
            // The second attempt already meets a session that has ended.
            let (stage, connector) = with_a_leaver(6).await;
            stage.sandbox.fault(fault(call).answer(504, "too slow").but_act());
            if call.1 == "/abandon/" {
                *stage.company.mood.lock().unwrap() = Mood::FailsAfter(3);
                connector.sync(&go_on()).await.unwrap_err();
                assert_last(&stage, "abandoned");
                assert_nobody_present_is_removed(&stage);
                *stage.company.mood.lock().unwrap() = Mood::Well;
                assert_mended(&stage, &connector).await;
            } else {
                assert!(connector.sync(&go_on()).await.unwrap().completed);
                assert_in_step(&stage);
            }
        } else {
            meets(|fault| fault.answer(504, "too slow").but_act(), call).await;
        }
    }
}

#[tokio::test]
async fn iden_that_stays_busy_removes_nobody_and_asks_to_come_later() {
    for (call, exit) in [(("PUT", "/employee/"), Exit::TryLater), (("POST", "/complete/"), Exit::TryLater)] {
        let (stage, connector) = with_a_leaver(6).await;
        stage.sandbox.fault(fault(call).answer(429, "slow down").header("Retry-After", "1"));
        let error = connector.sync(&go_on()).await.unwrap_err();
        assert_eq!(Exit::of(&error), exit, "{error}");
        assert_last(&stage, "abandoned");
        assert_eq!((stage.app().active("employee"), stage.app().removed("employee").len()), (6, 0));
        assert_mended(&stage, &connector).await;
    }
}
