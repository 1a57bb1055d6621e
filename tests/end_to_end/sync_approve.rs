//! A person's word: it lets through what was shown, once, for a day.

use iden_bridge::{
    Exit,
    connector::{Attached, ConnectorError},
    journal::{Approval, ApprovalError, Excess, Hold, HoldReason, LossKind, PlanJournal, SqliteJournal},
};

use crate::{
    company::{Employment, Hr, Stage, go_on},
    sync_held::{approve, hold},
};

async fn completes(connector: &Attached<Hr>) {
    assert!(connector.sync(&go_on()).await.unwrap().completed);
}

/// What holds the next sync. It leaves the session abandoned.
async fn held(stage: &Stage, connector: &Attached<Hr>) -> Hold {
    let held = hold(&connector.sync(&go_on()).await.unwrap_err());
    assert_eq!(stage.last_session(), "abandoned");
    held
}

fn removed(count: u64, allowed: u64, before: u64) -> Vec<HoldReason> {
    vec![HoldReason::Removed(Excess::new("employee", count, allowed, before))]
}

/// A company of 20, of whom the first five are missing, and the hold of that.
async fn five_are_missing() -> (Stage, Attached<Hr>, Hold) {
    let stage = Stage::with(20).await;
    let connector = stage.attach().await;
    completes(&connector).await;
    stage.company.lose(1..=5);
    let hold = held(&stage, &connector).await;
    assert_eq!(hold.reasons, removed(5, 2, 20));
    (stage, connector, hold)
}

/// Approved so many hours ago.
async fn approve_back_then(connector: &Attached<Hr>, hash: &str, hours: i64) -> Result<Hold, ApprovalError> {
    let at = jiff::Timestamp::now() - jiff::SignedDuration::from_hours(hours);
    let journal = SqliteJournal::beside(connector.state()).unwrap();
    journal.approve(Approval::new(hash, "ada", "they moved out", at)).await
}

#[tokio::test]
async fn an_approval_is_good_once() {
    let (stage, connector, hold) = five_are_missing().await;
    approve(&connector, &hold).await;
    completes(&connector).await;
    assert_eq!(stage.app().removed("employee"), ["1", "2", "3", "4", "5"]);

    // The same people come back and are lost again.
    stage.company.gain(1..=5);
    completes(&connector).await;
    stage.company.lose(1..=5);
    let again = held(&stage, &connector).await;
    assert_eq!((again.hash, again.reasons), (hold.hash, removed(5, 2, 20)));
    assert_eq!(stage.app().active("employee"), 20);
}

#[tokio::test]
async fn less_than_was_approved_passes() {
    let (stage, connector, hold) = five_are_missing().await;
    approve(&connector, &hold).await;
    stage.company.gain([2]);
    completes(&connector).await;
    assert_eq!(stage.app().removed("employee"), ["1", "3", "4", "5"]);
}

#[tokio::test]
async fn one_more_than_was_approved_is_held_again() {
    let (stage, connector, hold) = five_are_missing().await;
    approve(&connector, &hold).await;
    stage.company.lose([6]);
    assert_eq!(held(&stage, &connector).await.reasons, removed(6, 2, 20));
    // Another one instead is no less.
    stage.company.gain([1]);
    assert_eq!(held(&stage, &connector).await.reasons, removed(5, 2, 20));
    assert_eq!(stage.app().active("employee"), 20);

    // The approval was not used up by that.
    stage.company.gain([6]);
    completes(&connector).await;
    assert_eq!(stage.app().removed("employee"), ["2", "3", "4", "5"]);
}

/// What a plan trips over is part of what a person approves: the sum of a day says that more is going on.
#[tokio::test]
async fn the_same_people_are_held_again_where_their_removal_trips_over_more_than_was_approved() {
    let (stage, connector, hold) = five_are_missing().await;
    approve(&connector, &hold).await;
    // Two others go without needing approval.
    stage.company.gain(1..=5);
    stage.company.lose(6..=7);
    completes(&connector).await;
    assert_eq!(stage.app().removed("employee"), ["6", "7"]);
    stage.company.lose(1..=5);

    let again = held(&stage, &connector).await;
    let excess = Excess::new("employee", 7, 4, 18);
    let last_day = HoldReason::LastDay { kind: LossKind::Removed, excess };
    assert_eq!(again.reasons, [removed(5, 2, 18), vec![last_day]].concat());
    assert_ne!(again.hash, hold.hash);
    assert_eq!(stage.app().active("employee"), 18);

    approve(&connector, &again).await;
    completes(&connector).await;
    assert_eq!(stage.app().active("employee"), 13);
}

/// What a person approved may go in parts. Each part is struck off, whether or not it needed the approval.
#[tokio::test]
async fn an_approved_removal_is_struck_off_when_it_is_completed_and_the_rest_stays_approved() {
    let (stage, connector, hold) = five_are_missing().await;
    approve(&connector, &hold).await;
    stage.company.gain(3..=5);
    completes(&connector).await;
    assert_eq!(stage.app().removed("employee"), ["1", "2"]);

    stage.company.lose(3..=5);
    completes(&connector).await;
    assert_eq!(stage.app().removed("employee"), ["1", "2", "3", "4", "5"]);

    stage.company.gain(1..=3);
    completes(&connector).await;
    stage.company.lose(1..=3);
    assert_eq!(held(&stage, &connector).await.reasons, removed(3, 2, 18));
}

/// Issue 18, A2: suspensions are pushed before the session is completed.
#[tokio::test]
async fn what_was_pushed_before_the_session_failed_is_struck_off_and_the_rest_stays_approved() {
    let stage = Stage::with(20).await;
    let connector = stage.attach().await;
    completes(&connector).await;
    stage.company.lose(1..=5);
    stage.company.change(6..=10, |person| person.status = Employment::OnLeave);
    approve(&connector, &held(&stage, &connector).await).await;
    stage.sandbox.fault(bridge_sandbox::Fault::ending("POST", "/complete/").answer(500, "no"));
    connector.sync(&go_on()).await.unwrap_err();
    stage.sandbox.clear_faults();
    assert_eq!(stage.held(6)["status"], "suspended", "it was pushed");
    assert_eq!(stage.app().active("employee"), 20, "and nobody was removed");

    // They work again, and the same approval does not suspend them once more.
    stage.company.change(6..=10, |person| person.status = Employment::Employed);
    stage.company.gain(1..=5);
    completes(&connector).await;
    assert_eq!(stage.held(6)["status"], "active");
    stage.company.change(6..=10, |person| person.status = Employment::OnLeave);
    let deactivated = HoldReason::Deactivated(Excess::new("employee", 5, 2, 20));
    assert_eq!(held(&stage, &connector).await.reasons, [deactivated]);
    assert_eq!(stage.held(6)["status"], "active");

    // The removals were not completed, so they are approved still.
    stage.company.change(6..=10, |person| person.status = Employment::Employed);
    stage.company.lose(1..=5);
    completes(&connector).await;
    assert_eq!(stage.app().active("employee"), 15);
}

/// Issue 18, A1: the connector reads few of the people, the operator's `plan` reads them all.
#[tokio::test]
async fn the_approval_of_a_plan_that_reads_everybody_does_not_pass_a_sync_that_reads_few() {
    let stage = Stage::with(60).await;
    stage.attach().await.sync(&go_on()).await.unwrap();
    // The state is lost, so that the next session of the app waits for approval.
    let fresh = tempfile::tempdir().unwrap();
    let connector = stage.try_attach(stage.target_in(fresh.path())).await.unwrap();
    stage.company.lose(4..=60);
    let few = held(&stage, &connector).await;

    stage.company.gain(4..=60);
    let plan = stage.connector().plan(&stage.target_in(fresh.path()), serde_json::json!({}), &go_on()).await.unwrap();
    assert_eq!(plan.held, [HoldReason::InheritedApp { app: Some(connector.app()), counted: Some(60), pushed: 60 }]);
    assert_ne!(plan.hash, few.hash, "whom the run pushes is part of what a person approves");

    stage.company.lose(4..=60);
    assert_eq!(held(&stage, &connector).await.hash, few.hash);
    approve(&connector, &Hold::new(plan.hash, plan.held)).await;
    assert_eq!(held(&stage, &connector).await.hash, few.hash);
    assert_eq!(stage.app().active("employee"), 60);

    // One more than the plan had is no reduction.
    stage.company.gain(4..=61);
    completes(&connector).await;
    assert_eq!(stage.app().active("employee"), 61);
}

#[tokio::test]
async fn an_approval_of_removals_approves_no_suspensions() {
    let (stage, connector, hold) = five_are_missing().await;
    approve(&connector, &hold).await;
    stage.company.change(6..=8, |person| person.status = Employment::OnLeave);
    let deactivated = HoldReason::Deactivated(Excess::new("employee", 3, 2, 20));
    assert_eq!(held(&stage, &connector).await.reasons, [removed(5, 2, 20), vec![deactivated]].concat());
    assert_eq!(stage.app().active("employee"), 20);
    assert_eq!(stage.held(6)["status"], "active");
}

#[tokio::test]
async fn an_approval_is_good_for_a_day() {
    let (stage, connector, hold) = five_are_missing().await;
    approve_back_then(&connector, &hold.hash, 25).await.unwrap();
    assert_eq!(held(&stage, &connector).await.hash, hold.hash);
    assert_eq!(stage.app().active("employee"), 20);

    approve_back_then(&connector, &hold.hash, 23).await.unwrap();
    completes(&connector).await;
    assert_eq!(stage.app().active("employee"), 15);
}

#[tokio::test]
async fn a_sync_that_fails_before_it_completes_leaves_the_approval_good() {
    let (stage, connector, hold) = five_are_missing().await;
    approve(&connector, &hold).await;
    stage.sandbox.fault(bridge_sandbox::Fault::ending("PUT", "/employee/").answer(500, "no"));
    connector.sync(&go_on()).await.unwrap_err();
    stage.sandbox.clear_faults();
    completes(&connector).await;
    assert_eq!(stage.app().active("employee"), 15);
}

#[tokio::test]
async fn people_who_cannot_be_read_cannot_be_approved_away() {
    let stage = Stage::with(20).await;
    let connector = stage.attach().await;
    completes(&connector).await;
    stage.company.unreadable.lock().unwrap().push(3);
    stage.company.lose(11..=15);
    let hold = held(&stage, &connector).await;
    assert!(!hold.can_be_approved());

    let refused = approve_back_then(&connector, &hold.hash, 0).await.unwrap_err();
    assert!(matches!(&refused, ApprovalError::Refused { hash, .. } if *hash == hold.hash), "{refused}");
    let said = refused.to_string();
    assert!(said.contains("1 unreadable in `employee`") && said.contains("`plan` names them"), "what to mend: {said}");
    for file in std::fs::read_dir(connector.state()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        assert!(
            !bytes.windows(5).any(|bytes| bytes == b"gone?"),
            "contents of a record stand in no file of the journal"
        );
    }
    held(&stage, &connector).await;
    assert_eq!(stage.app().active("employee"), 20);
}

#[tokio::test]
async fn a_hash_that_names_no_plan_is_an_error() {
    let (stage, connector, hold) = five_are_missing().await;
    for hash in ["000000000000", "", &hold.hash[1..], &hold.hash.to_uppercase()] {
        let unknown = approve_back_then(&connector, hash, 0).await.unwrap_err();
        assert!(matches!(&unknown, ApprovalError::Unknown { .. }), "`{hash}`: {unknown}");
        assert_eq!(Exit::of(&ConnectorError::from(unknown)), Exit::Data);
    }
    held(&stage, &connector).await;
}
