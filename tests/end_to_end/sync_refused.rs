//! Pages that Iden refuses: because of one record, because of all, because the session has ended, or for ever.

use std::time::Duration;

use bridge_sandbox::Fault;
use iden_bridge::{
    Exit,
    connector::Attached,
    journal::{Hold, HoldReason},
    sync::{SyncError, SyncReport},
    wire::SyncStatus,
};

use crate::{
    company::{Hr, Mood, Stage, go_on},
    trouble::{
        assert_abandoned, assert_in_step, assert_last, assert_mended, assert_nobody_present_is_removed, calls, failed,
        failure, hire, people, statuses, with_a_leaver,
    },
};

/// Pages with the record of this person.
fn pages_with(number: u32) -> Fault {
    Fault::ending("PUT", "/employee/").holding(&format!("\"id\":\"{number}\""))
}

fn first_name(stage: &Stage, number: u32) -> String {
    let record = stage.app().record("employee", &number.to_string()).unwrap();
    record.fields["first_name"].as_str().unwrap().to_owned()
}

/// 250 people of whom one is new and refused.
async fn with_one_new_refused(status: u16) -> (Stage, Attached<Hr>, SyncReport) {
    let (stage, connector) = with_a_leaver(251).await;
    // 130 leaves and comes back, which is as good as new.
    stage.company.people.lock().unwrap().remove(&130).unwrap();
    connector.sync(&go_on()).await.unwrap();
    hire(&stage, 130, "New");
    hire(&stage, 129, "Before");
    hire(&stage, 131, "After");
    hire(&stage, 249, "Later");
    stage.company.people.lock().unwrap().remove(&250).unwrap();
    stage.sandbox.fault(pages_with(130).answer(status, "a name like this is taken"));
    let report = connector.sync(&go_on()).await.unwrap();
    (stage, connector, report)
}

#[tokio::test]
async fn a_new_record_that_is_refused_is_named_and_the_others_arrive() {
    for status in [400, 422, 500] {
        let (stage, connector, report) = with_one_new_refused(status).await;
        let people = people(&report);
        assert_eq!((people.rejected, people.pushed), (1, 248), "{status}");
        let [example] = &people.rejected_examples[..] else { panic!("{people:?}") };
        assert!(example.contains("`130`") && example.contains("a name like this is taken"), "{example}");
        assert_eq!([129, 131, 249].map(|number| first_name(&stage, number)), ["Before", "After", "Later"]);
        assert_last(&stage, "completed");
        assert_eq!(stage.app().active("employee"), 248, "all but 130, and less 250, who left");
        stage.app().assert_removed("employee", "250");
        assert_mended(&stage, &connector).await;
    }
}

/// 250 people, one known and refused, and one who has left.
async fn with_one_known_refused(status: u16) -> (Stage, Attached<Hr>, Hold, SyncReport) {
    let (stage, connector) = with_a_leaver(251).await;
    hire(&stage, 129, "Before");
    hire(&stage, 131, "After");
    hire(&stage, 250, "Later");
    stage.sandbox.fault(pages_with(130).answer(status, "no"));
    let error = connector.sync(&go_on()).await.unwrap_err();
    assert_abandoned(&stage, &error, Exit::Held, 251);
    let failure = failed(error);
    let SyncError::Held(hold) = failure.error else { panic!("not held") };
    (stage, connector, hold, failure.report)
}

#[tokio::test]
async fn a_known_record_that_is_refused_withholds_the_completion_and_no_approval_helps() {
    for status in [400, 422, 500] {
        let (stage, connector, hold, report) = with_one_known_refused(status).await;
        let [HoldReason::Rejected { slug, count: 1, examples }] = &hold.reasons[..] else { panic!("{hold:?}") };
        assert!(slug == "employee" && examples[0].contains("`130`"), "{examples:?}");
        assert!(!hold.can_be_approved(), "{status}");
        assert_eq!(people(&report).pushed, 249);
        assert_eq!([129, 131, 250].map(|number| first_name(&stage, number)), ["Before", "After", "Later"]);
        assert_eq!(calls(&stage, "POST", "/complete/").len(), 0);
        assert_mended(&stage, &connector).await;
    }
}

#[tokio::test]
async fn a_record_that_was_taken_and_answered_500_is_not_forgotten() {
    let (stage, connector) = with_a_leaver(6).await;
    hire(&stage, 7, "New");
    stage.sandbox.fault(pages_with(7).answer(500, "stumbled").but_act());
    let report = connector.sync(&go_on()).await.unwrap();
    assert_eq!(people(&report).rejected, 1);
    stage.app().assert_active("employee", "7");
    // He leaves before Iden ever took him without a complaint, and must go there as well.
    stage.company.people.lock().unwrap().remove(&7).unwrap();
    assert_mended(&stage, &connector).await;
    stage.app().assert_removed("employee", "7");
}

/// Seed 39897 of the simulation.
#[tokio::test]
async fn a_record_that_came_with_its_page_and_is_refused_by_itself_is_not_forgotten() {
    let (stage, connector) = with_a_leaver(6).await;
    hire(&stage, 7, "New");
    // Behind another record it is taken, and nobody hears of it.
    stage
        .sandbox
        .fault(Fault::ending("PUT", "/employee/").holding("},{\"id\":\"7\"").answer(500, "stumbled").but_act());
    stage.sandbox.fault(pages_with(7).answer(422, "no"));
    let report = connector.sync(&go_on()).await.unwrap();
    assert_eq!(people(&report).rejected, 1);
    stage.app().assert_active("employee", "7");
    stage.sandbox.clear_faults();
    stage.sandbox.fault(pages_with(7).answer(422, "no"));
    let error = connector.sync(&go_on()).await.expect_err("completing would remove 7, whom Iden has");
    assert_eq!(Exit::of(&error), Exit::Held, "{error}");
    stage.app().assert_active("employee", "7");
    assert_mended(&stage, &connector).await;
}

#[tokio::test]
async fn several_refused_records_at_the_head_of_a_page_do_not_keep_the_others_out() {
    let (stage, connector) = with_a_leaver(101).await;
    for number in [501, 502, 503, 504, 540, 600] {
        stage.sandbox.fault(pages_with(number).answer(422, "no"));
    }
    // 501 to 600 are the second page.
    (501..=600).for_each(|number| hire(&stage, number, "New"));
    let report = connector.sync(&go_on()).await.unwrap();
    assert_eq!((people(&report).rejected, people(&report).pushed), (6, 194));
    assert_last(&stage, "completed");
    assert_nobody_present_is_removed(&stage);
    assert_mended(&stage, &connector).await;
}

#[tokio::test]
async fn a_type_of_which_everything_is_refused_is_an_error() {
    let (stage, connector) = with_a_leaver(250).await;
    for status in [400, 422] {
        stage.sandbox.fault(Fault::ending("PUT", "/employee/").answer(status, "unknown membership slug"));
        let error = connector.sync(&go_on()).await.unwrap_err();
        assert_abandoned(&stage, &error, Exit::Data, 250);
        assert!(error.to_string().contains("unknown membership slug"), "{error}");
        stage.sandbox.clear_faults();
    }
    assert_mended(&stage, &connector).await;
}

#[tokio::test]
async fn a_page_of_which_everything_is_refused_is_an_error() {
    let (stage, connector) = with_a_leaver(250).await;
    (101..=200).for_each(|number| hire(&stage, number, "Odd"));
    stage.sandbox.fault(Fault::ending("PUT", "/employee/").holding("\"Odd\"").answer(422, "no"));
    let error = connector.sync(&go_on()).await.unwrap_err();
    assert_abandoned(&stage, &error, Exit::Data, 250);
    assert_mended(&stage, &connector).await;
}

#[tokio::test]
async fn a_session_that_somebody_else_ends_is_not_completed() {
    let (stage, connector) = with_a_leaver(250).await;
    stage.sandbox.fault(Fault::ending("PUT", "/employee/").after(1).delay(Duration::from_millis(150)));
    let stop = go_on();
    let (ended, ()) = tokio::join!(connector.sync(&stop), async {
        while calls(&stage, "PUT", "/employee/").len() < 2 {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        let session = stage.app().sessions().pop().unwrap().id;
        stage.client().abandon_sync(connector.app(), session.into()).await.unwrap();
    });
    let error = ended.unwrap_err();
    assert_abandoned(&stage, &error, Exit::Unavailable, 250);
    let ended = failure(error);
    assert!(matches!(ended, SyncError::Ended { status: SyncStatus::Abandoned }), "{ended}");
    assert_eq!(calls(&stage, "POST", "/complete/").len(), 0);
    assert_mended(&stage, &connector).await;
}

#[tokio::test]
async fn a_session_that_is_gone_is_given_up() {
    let (stage, connector) = with_a_leaver(250).await;
    stage.sandbox.fault(Fault::ending("PUT", "/employee/").after(1).answer(404, "sync session not found"));
    let error = connector.sync(&go_on()).await.unwrap_err();
    assert!(error.to_string().contains("sync session not found"), "{error}");
    assert_last(&stage, "abandoned");
    assert_eq!(calls(&stage, "POST", "/complete/").len(), 0);
    assert_eq!(stage.app().active("employee"), 250);
    assert_mended(&stage, &connector).await;
}

#[tokio::test]
async fn a_call_that_fails_for_ever_removes_nobody() {
    let (stage, connector) = with_a_leaver(150).await;
    let for_ever = [
        ("POST", Fault::ending("POST", "/sync/")),
        ("first GET", Fault::on("GET", "/sync/")),
        ("second GET", Fault::on("GET", "/sync/").after(1)),
        ("PUT of a group", Fault::ending("PUT", "/team/")),
        ("PUT", Fault::ending("PUT", "/employee/")),
        ("second PUT", Fault::ending("PUT", "/employee/").after(1)),
        ("complete", Fault::ending("POST", "/complete/")),
    ];
    for (call, fault) in for_ever {
        stage.sandbox.fault(fault.answer(500, "integrity"));
        let error = connector.sync(&go_on()).await.unwrap_err();
        assert_eq!(Exit::of(&error), Exit::Unavailable, "{call}: {error}");
        assert!(error.to_string().contains("500"), "{call}: {error}");
        assert_eq!((stage.app().active("employee"), stage.app().removed("employee").len()), (150, 0), "{call}");
        if call != "POST" {
            assert_last(&stage, "abandoned");
        }
        stage.sandbox.clear_faults();
    }
    assert_mended(&stage, &connector).await;
}

#[tokio::test]
async fn a_session_whose_abandoning_failed_is_abandoned_by_the_next_sync() {
    let (stage, connector) = with_a_leaver(5).await;
    stage.sandbox.fault(Fault::ending("PUT", "/employee/").answer(500, "integrity"));
    stage.sandbox.fault(Fault::ending("POST", "/abandon/").answer(500, "no"));
    connector.sync(&go_on()).await.unwrap_err();
    assert_last(&stage, "in_progress");
    assert_nobody_present_is_removed(&stage);
    stage.sandbox.clear_faults();
    connector.sync(&go_on()).await.unwrap();
    assert_in_step(&stage);
    let statuses: Vec<String> = stage.app().sessions().into_iter().map(|session| session.status).collect();
    assert_eq!(statuses, ["completed", "abandoned", "completed"]);
}

/// Seed 966308 of the simulation: the session that is opened next waits for the same pause, and would be one more that is open.
#[tokio::test]
async fn a_session_whose_abandoning_has_to_wait_is_abandoned_before_the_next_one_is_opened() {
    let (stage, connector) = with_a_leaver(5).await;
    stage
        .sandbox
        .fault(Fault::ending("POST", "/abandon/").times(1).answer(429, "later").retry_after(Duration::from_secs(60)));
    *stage.company.mood.lock().unwrap() = Mood::FailsAfter(2);
    connector.sync(&go_on()).await.unwrap_err();
    assert_last(&stage, "in_progress");
    *stage.company.mood.lock().unwrap() = Mood::Well;
    connector.sync(&go_on()).await.unwrap();
    assert_in_step(&stage);
    assert_eq!(statuses(&stage), ["completed", "abandoned", "completed"]);
}
