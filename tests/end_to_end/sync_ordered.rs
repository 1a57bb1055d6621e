//! What Iden itself ordered by a task needs nobody's leave.

use bridge_sandbox::Fault;
use iden_bridge::{
    connector::Attached,
    journal::{Excess, HoldReason},
    prelude::*,
    tasks,
};
use serde_json::json;
use uuid::Uuid;

use crate::{
    company::{Employee, Employment, Hr, Stage, go_on},
    sync_held::hold,
    tasks::{about, all},
};

/// Takes the person out of the system for good.
#[bridge_task]
async fn erase(cx: TaskContext<Hr>, task: DeleteAccount<Employee>) -> Result<(), TaskError> {
    cx.lose([*task.id()]);
    Ok(())
}

/// Says that it cannot, although the person is gone afterwards.
#[bridge_task]
async fn refuse(cx: TaskContext<Hr>, task: DeleteAccount<Employee>) -> Result<(), TaskError> {
    cx.lose([*task.id()]);
    Err(TaskError::fail("permission_denied", "not that one"))
}

/// Moves people between teams.
#[bridge_task]
async fn move_over(cx: TaskContext<Hr>, task: UpdateAccount<Employee>) -> Result<(), TaskError> {
    let teams = task.memberships::<crate::company::Team>().unwrap_or_default();
    cx.change([*task.id()], |person| person.teams = teams.clone());
    Ok(())
}

async fn completes(connector: &Attached<Hr>) {
    assert!(connector.sync(&go_on()).await.unwrap().completed);
}

/// Carries out one such task for each of these people.
async fn carry_out(stage: &Stage, connector: &Attached<Hr>, action: &str, numbers: &[u32]) -> Vec<Uuid> {
    let queued = numbers.iter().map(|number| {
        let task = about(action, *number);
        let task = if action == "update_account" { task.memberships(json!({"team": []})) } else { task };
        stage.app().queue(task)
    });
    let queued = queued.collect();
    connector.tasks_once(&go_on()).await.unwrap();
    queued
}

async fn reasons(stage: &Stage, connector: &Attached<Hr>) -> Vec<HoldReason> {
    let held = hold(&connector.sync(&go_on()).await.unwrap_err());
    assert_eq!(stage.last_session(), "abandoned");
    held.reasons
}

const TEN: [u32; 10] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];

#[tokio::test]
async fn leavers_whom_iden_ordered_away_are_removed_without_asking() {
    let stage = Stage::with(20).await;
    let connector = stage.attach_with(tasks![erase]).await;
    completes(&connector).await;
    for id in carry_out(&stage, &connector, "delete_account", &TEN).await {
        stage.app().assert_task_completed(id);
    }
    // Two of 20 may go by themselves.
    stage.company.lose([11, 12]);
    completes(&connector).await;
    assert_eq!(stage.app().removed("employee").len(), 12);
}

#[tokio::test]
async fn an_order_covers_the_one_who_was_ordered_away_and_nobody_else() {
    let stage = Stage::with(20).await;
    let connector = stage.attach_with(tasks![erase]).await;
    completes(&connector).await;
    carry_out(&stage, &connector, "delete_account", &TEN).await;
    stage.company.lose([11, 12, 13]);
    let three = [HoldReason::Removed(Excess::new("employee", 3, 2, 20))];
    assert_eq!(reasons(&stage, &connector).await, three);
    assert_eq!(stage.app().active("employee"), 20);

    stage.company.gain([13]);
    completes(&connector).await;
    assert_eq!(stage.app().active("employee"), 8);
}

#[tokio::test]
async fn an_order_is_good_for_one_loss() {
    let stage = Stage::with(20).await;
    let connector = stage.attach_with(tasks![erase]).await;
    completes(&connector).await;
    carry_out(&stage, &connector, "delete_account", &TEN).await;
    completes(&connector).await;
    stage.company.gain(TEN);
    completes(&connector).await;
    stage.company.lose(TEN);
    assert_eq!(reasons(&stage, &connector).await, [HoldReason::Removed(Excess::new("employee", 10, 2, 20))]);
}

#[tokio::test]
async fn a_task_that_is_reported_failed_has_ordered_nothing() {
    let stage = Stage::with(20).await;
    let connector = stage.attach_with(tasks![refuse]).await;
    completes(&connector).await;
    for id in carry_out(&stage, &connector, "delete_account", &[1, 2, 3]).await {
        stage.app().assert_task_failed(id, "permission_denied");
    }
    assert_eq!(reasons(&stage, &connector).await, [HoldReason::Removed(Excess::new("employee", 3, 2, 20))]);
    assert_eq!(stage.app().active("employee"), 20);
}

#[tokio::test]
async fn an_order_outlives_the_process_and_a_sync_that_is_abandoned() {
    let stage = Stage::with(20).await;
    let connector = stage.attach_with(tasks![erase]).await;
    completes(&connector).await;
    carry_out(&stage, &connector, "delete_account", &TEN).await;
    drop(connector);
    let connector = stage.attach_with(tasks![erase]).await;
    stage.sandbox.fault(Fault::ending("POST", "/complete/").answer(500, "no"));
    connector.sync(&go_on()).await.unwrap_err();
    stage.sandbox.clear_faults();

    completes(&connector).await;
    assert_eq!(stage.app().active("employee"), 10);
}

/// Ten of twenty have this status, by tasks; whether Iden shows them so.
async fn ten_by_task(action: &str, status: Employment, shown: &str) {
    let stage = Stage::with(20).await;
    let connector = stage.attach_with(all()).await;
    completes(&connector).await;
    carry_out(&stage, &connector, action, &TEN).await;
    let so = stage.company.people.lock().unwrap().values().filter(|person| person.status == status).count();
    assert_eq!(so, 10, "{action}");

    completes(&connector).await;
    for number in TEN {
        assert_eq!(stage.held(number)["status"], shown, "{action}");
    }
    assert_eq!(stage.held(11)["status"], "active");
    // Three more without an order are one too many.
    stage.company.change(11..=13, |person| person.status = status);
    let three = [HoldReason::Deactivated(Excess::new("employee", 3, 2, 20))];
    assert_eq!(reasons(&stage, &connector).await, three, "{action}");
}

#[tokio::test]
async fn people_whom_iden_had_suspended_are_suspended_without_asking() {
    ten_by_task("suspend_account", Employment::OnLeave, "suspended").await;
}

#[tokio::test]
async fn leavers_whom_the_system_keeps_as_inactive_are_shown_so_without_asking() {
    ten_by_task("delete_account", Employment::Left, "inactive").await;
}

#[tokio::test]
async fn memberships_that_iden_had_ended_end_without_asking() {
    let stage = Stage::with(20).await;
    let connector = stage.attach_with(tasks![move_over]).await;
    completes(&connector).await;
    carry_out(&stage, &connector, "update_account", &TEN).await;
    completes(&connector).await;
    for number in TEN {
        assert_eq!(stage.held(number)["memberships"], json!({"team": []}));
    }
    // 30 memberships and assignments are left, of which a tenth may end by themselves.
    stage.company.change(11..=14, |person| person.teams.clear());
    assert_eq!(reasons(&stage, &connector).await, [HoldReason::Edges(Excess::new("employee", 4, 3, 30))]);
}
