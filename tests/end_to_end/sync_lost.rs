//! Answers that are lost, at each call of a session, with and without the effect of the call.

use std::sync::Arc;

use bridge_sandbox::{Assumptions, Fault, Sandbox};
use iden_bridge::{
    Exit,
    clock::SystemClock,
    connector::Attached,
    journal::{Hold, HoldReason, LossKind, SessionJournal, SqliteJournal},
    sync::SyncError,
};

use crate::{
    company::{Company, Hr, Mood, Stage, go_on},
    trouble::{
        assert_in_step, assert_last, assert_mended, assert_nobody_present_is_removed, calls, failure, statuses,
        with_a_leaver,
    },
};

#[tokio::test]
async fn a_session_whose_id_was_lost_is_never_completed() {
    let (stage, connector) = with_a_leaver(6).await;
    stage.sandbox.fault(Fault::ending("POST", "/sync/").times(2).lose_answer());
    connector.sync(&go_on()).await.unwrap();
    assert_in_step(&stage);
    // Nobody knows the two, so they stay.
    assert_eq!(statuses(&stage), ["completed", "in_progress", "in_progress", "completed"]);
}

#[tokio::test]
async fn few_sessions_are_opened_where_every_answer_is_lost() {
    let (stage, connector) = with_a_leaver(6).await;
    stage.sandbox.fault(Fault::ending("POST", "/sync/").lose_answer());
    assert_eq!(Exit::of(&connector.sync(&go_on()).await.unwrap_err()), Exit::Unavailable);
    assert_eq!(statuses(&stage), ["completed", "in_progress", "in_progress", "in_progress"], "three at most");
    assert_eq!(calls(&stage, "PUT", "/employee/").len(), 0);
    assert_mended(&stage, &connector).await;
}

#[tokio::test]
async fn a_page_whose_answer_was_lost_is_sent_again_byte_for_byte() {
    let (stage, connector) = with_a_leaver(6).await;
    stage.sandbox.fault(Fault::ending("PUT", "/employee/").times(2).lose_answer());
    connector.sync(&go_on()).await.unwrap();
    let bodies: Vec<String> = calls(&stage, "PUT", "/employee/").into_iter().map(|page| page.body).collect();
    assert_eq!(bodies.len(), 3);
    assert!(bodies.iter().all(|body| *body == bodies[0]));
    assert_in_step(&stage);
}

#[tokio::test]
async fn progress_that_was_lost_is_read_again() {
    for after in [0, 1, 2] {
        let (stage, connector) = with_a_leaver(6).await;
        stage.sandbox.fault(Fault::on("GET", "/sync/").after(after).times(3).lose_answer());
        assert!(connector.sync(&go_on()).await.unwrap().completed);
        assert_in_step(&stage);
    }
}

#[tokio::test]
async fn a_completion_whose_answer_was_lost_is_not_sent_again() {
    let (stage, connector) = with_a_leaver(6).await;
    stage.sandbox.fault(Fault::ending("POST", "/complete/").lose_answer());
    assert!(connector.sync(&go_on()).await.unwrap().completed);
    assert_eq!(calls(&stage, "POST", "/complete/").len(), 1, "Iden said that it is completed");
    assert_in_step(&stage);
}

#[tokio::test]
async fn a_completion_that_never_arrived_is_sent_again() {
    let (stage, connector) = with_a_leaver(6).await;
    stage.sandbox.fault(Fault::ending("POST", "/complete/").times(2).drop_connection());
    assert!(connector.sync(&go_on()).await.unwrap().completed);
    let order: Vec<String> = stage.sandbox.requests().into_iter().map(|request| request.method).collect();
    assert!(order.join(" ").contains("POST GET POST GET POST"), "Iden is asked in between: {order:?}");
    assert_in_step(&stage);
}

#[tokio::test]
async fn an_abandonment_whose_answer_was_lost_is_one() {
    for lost in [Fault::lose_answer, Fault::drop_connection] {
        let (stage, connector) = with_a_leaver(6).await;
        stage.sandbox.fault(lost(Fault::ending("POST", "/abandon/").times(2)));
        *stage.company.mood.lock().unwrap() = Mood::FailsAfter(3);
        let error = failure(connector.sync(&go_on()).await.unwrap_err());
        assert!(matches!(error, SyncError::Source { .. }), "{error}");
        assert_last(&stage, "abandoned");
        assert_nobody_present_is_removed(&stage);
        *stage.company.mood.lock().unwrap() = Mood::Well;
        assert_mended(&stage, &connector).await;
    }
}

/// 20 people, of whom one has left, and a sync whose end nobody knows. `applied`: Iden has completed it.
async fn unsettled(applied: bool) -> (Stage, Attached<Hr>) {
    let (stage, connector) = with_a_leaver(21).await;
    let lost = Fault::ending("POST", "/complete/");
    stage.sandbox.fault(if applied { lost.lose_answer() } else { lost.drop_connection() });
    // The first two reads come before: at the start, and to count.
    stage.sandbox.fault(Fault::on("GET", "/sync/").after(2).answer(500, "down"));
    let error = connector.sync(&go_on()).await.unwrap_err();
    assert_eq!(Exit::of(&error), Exit::Unavailable);
    let error = failure(error);
    assert!(matches!(error, SyncError::Unsettled { .. }), "{error}");
    assert_nobody_present_is_removed(&stage);
    assert_last(&stage, if applied { "completed" } else { "in_progress" });
    assert_eq!(calls(&stage, "POST", "/abandon/").len(), 0, "it may be completed");
    (stage, connector)
}

/// The guard counts each leaver once: of 20 people, 2 may go at once (floor for 11 to 30), and 4 within 24 hours. One has
/// gone: another 2 may, then 1, then no more.
async fn assert_counts_are_right(stage: &Stage, connector: &Attached<Hr>) {
    let leave =
        |numbers: &[u32]| numbers.iter().for_each(|number| drop(stage.company.people.lock().unwrap().remove(number)));
    leave(&[1, 2]);
    connector.sync(&go_on()).await.unwrap();
    assert_in_step(stage);
    leave(&[3]);
    connector.sync(&go_on()).await.unwrap();
    assert_in_step(stage);
    leave(&[4]);
    let SyncError::Held(Hold { reasons, .. }) = failure(connector.sync(&go_on()).await.unwrap_err()) else {
        panic!("not held")
    };
    let [HoldReason::LastDay { kind: LossKind::Removed, excess }] = &reasons[..] else { panic!("{reasons:?}") };
    assert_eq!((excess.count, excess.allowed), (5, 4));
    stage.app().assert_active("employee", "4");
}

#[tokio::test]
async fn a_completion_that_could_not_be_made_sure_of_is_settled_by_the_next_sync() {
    for applied in [true, false] {
        let (stage, connector) = unsettled(applied).await;
        assert_mended(&stage, &connector).await;
        let before = if applied { "completed" } else { "abandoned" };
        assert_eq!(statuses(&stage), ["completed", before, "completed"]);
        let beside = SqliteJournal::beside(connector.state()).unwrap();
        assert_eq!(beside.session().await.unwrap(), None);
        assert_counts_are_right(&stage, &connector).await;
    }
}

#[tokio::test]
async fn nothing_new_is_opened_while_the_end_of_a_session_is_not_known() {
    for applied in [true, false] {
        let (stage, connector) = unsettled(applied).await;
        let strange = r#"{"sync_id":"0b9e6a5c-3f0e-4d53-9b52-0d2f6f1f4a11","status":"cleaning","progress":[]}"#;
        let unknown = [
            Fault::on("GET", "/sync/").drop_connection(),
            Fault::on("GET", "/sync/").answer(502, "gateway"),
            Fault::on("GET", "/sync/").answer_raw(200, "application/json", strange),
            Fault::on("GET", "/sync/").garble_answer(),
        ];
        for fault in unknown {
            stage.sandbox.clear_faults();
            stage.sandbox.fault(fault);
            let error = failure(connector.sync(&go_on()).await.unwrap_err());
            assert!(matches!(error, SyncError::Unsettled { .. }), "{error}");
            assert_eq!(statuses(&stage).len(), 2);
        }
        assert_mended(&stage, &connector).await;
        assert_counts_are_right(&stage, &connector).await;
    }
}

#[tokio::test]
async fn a_new_process_settles_what_the_last_one_could_not() {
    for applied in [true, false] {
        let (stage, connector) = unsettled(applied).await;
        drop(connector);
        let connector = stage.attach().await;
        assert_mended(&stage, &connector).await;
        let before = if applied { "completed" } else { "abandoned" };
        assert_eq!(statuses(&stage), ["completed", before, "completed"]);
        assert_counts_are_right(&stage, &connector).await;
    }
}

#[tokio::test]
async fn a_connector_keeps_to_one_session_where_no_more_are_allowed() {
    let mut assumptions = Assumptions::default();
    assumptions.several_sessions = false;
    let sandbox = Sandbox::builder().assumptions(assumptions).start().await.unwrap();
    let stage = Stage { sandbox, state: tempfile::tempdir().unwrap(), company: Company::of(6) };
    // By the world's clock, so that no abandon is given up because this machine is busy.
    let connector = stage.try_attach(stage.target().clock(Arc::new(SystemClock::new()))).await.unwrap();
    connector.sync(&go_on()).await.unwrap();
    stage.company.people.lock().unwrap().remove(&6).unwrap();
    // Iden is away from the middle of the sync on, so that it cannot even be abandoned.
    *stage.company.mood.lock().unwrap() = Mood::FailsAfter(3);
    stage.sandbox.fault(Fault::ending("POST", "/abandon/").answer(500, "down"));
    connector.sync(&go_on()).await.unwrap_err();
    assert_last(&stage, "in_progress");
    // And still at the next one, which is refused with 409.
    connector.sync(&go_on()).await.unwrap_err();
    *stage.company.mood.lock().unwrap() = Mood::Well;
    assert_mended(&stage, &connector).await;
    assert_eq!(statuses(&stage), ["completed", "abandoned", "completed"]);
}
