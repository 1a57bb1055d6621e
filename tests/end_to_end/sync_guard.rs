//! How many may go without asking: the limits of design.md section 6, over the wire.

use std::sync::Arc;

use iden_bridge::{
    connector::Attached,
    journal::{Excess, HoldReason, LossKind},
    prelude::*,
    tasks,
};

use crate::{
    company::{Employee, Hr, Stage, Team, go_on},
    sync_held::{approve, hold},
    tasks::about,
    time::DayClock,
};

async fn completes(connector: &Attached<Hr>) {
    assert!(connector.sync(&go_on()).await.unwrap().completed);
}

/// Why the next sync is held. It leaves the session abandoned.
async fn reasons(stage: &Stage, connector: &Attached<Hr>) -> Vec<HoldReason> {
    let held = hold(&connector.sync(&go_on()).await.unwrap_err());
    assert_eq!(stage.last_session(), "abandoned");
    held.reasons
}

fn too_many_removed(slug: &str, count: u64, allowed: u64, before: u64) -> Vec<HoldReason> {
    vec![HoldReason::Removed(Excess::new(slug, count, allowed, before))]
}

#[tokio::test]
async fn of_eight_people_one_leaves_without_asking_and_two_are_held() {
    let stage = Stage::with(8).await;
    let connector = stage.attach().await;
    completes(&connector).await;
    stage.company.lose([3, 5]);
    assert_eq!(reasons(&stage, &connector).await, too_many_removed("employee", 2, 1, 8));
    assert_eq!(stage.app().removed("employee"), [""; 0]);

    stage.company.gain([5]);
    completes(&connector).await;
    assert_eq!(stage.app().removed("employee"), ["3"]);
}

#[tokio::test]
async fn of_three_groups_one_is_dissolved_without_asking_and_two_are_held() {
    let stage = Stage::with(2).await;
    let green = Team { id: "green".into(), name: "Green".into() };
    stage.company.teams.lock().unwrap().push(green.clone());
    let connector = stage.attach().await;
    completes(&connector).await;
    stage.company.teams.lock().unwrap().retain(|team| team.id == "red");
    assert_eq!(reasons(&stage, &connector).await, too_many_removed("team", 2, 1, 3));
    assert_eq!(stage.app().active("team"), 3);

    stage.company.teams.lock().unwrap().push(green);
    completes(&connector).await;
    assert_eq!(stage.app().removed("team"), ["blue"]);
}

#[tokio::test]
async fn of_two_hundred_people_a_twentieth_leaves_without_asking() {
    let stage = Stage::with(200).await;
    let connector = stage.attach().await;
    completes(&connector).await;
    stage.company.lose(1..=11);
    assert_eq!(reasons(&stage, &connector).await, too_many_removed("employee", 11, 10, 200));
    stage.company.gain([11]);
    completes(&connector).await;
    assert_eq!(stage.app().removed("employee").len(), 10);
}

#[tokio::test]
async fn a_connector_has_limits_of_its_own() {
    // A tenth of 200, and 15 at most.
    let stage = Stage::with(200).await;
    let connector = stage.attach_limited::<Employee>(|usual| usual.max_removed_percent(10).max_removed(15)).await;
    completes(&connector).await;
    stage.company.lose(1..=16);
    assert_eq!(reasons(&stage, &connector).await, too_many_removed("employee", 16, 15, 200));
    stage.company.gain([16]);
    completes(&connector).await;
    assert_eq!(stage.app().removed("employee").len(), 15);

    let stage = Stage::with(200).await;
    let connector = stage.attach_limited::<Employee>(|usual| usual.max_removed(0)).await;
    completes(&connector).await;
    stage.company.lose([1]);
    assert_eq!(reasons(&stage, &connector).await, too_many_removed("employee", 1, 0, 200));
}

#[tokio::test]
async fn a_protected_account_is_never_removed_for_being_missing() {
    let stage = Stage::with(30).await;
    let connector = stage.attach_limited::<Employee>(|usual| usual.protected(["7", "4711"])).await;
    completes(&connector).await;
    stage.company.lose([7]);
    let protected = HoldReason::Protected { slug: "employee".into(), ids: vec!["7".into()] };
    assert_eq!(reasons(&stage, &connector).await, [protected]);
    stage.app().assert_active("employee", "7");

    stage.company.gain([7]);
    stage.company.lose([8]);
    completes(&connector).await;
    stage.app().assert_removed("employee", "8");
}

#[tokio::test]
async fn a_type_that_loses_everything_is_held_however_little_that_is() {
    let stage = Stage::with(1).await;
    let connector = stage.attach_limited::<Employee>(|usual| usual.max_removed_percent(99).max_removed(1_000)).await;
    completes(&connector).await;
    stage.company.lose([1]);
    let emptied = HoldReason::Emptied { slug: "employee".into(), before: 1 };
    assert_eq!(reasons(&stage, &connector).await, [emptied]);
    stage.app().assert_active("employee", "1");
}

#[tokio::test]
async fn people_who_all_come_under_other_ids_are_held_whatever_the_limits_say() {
    let stage = Stage::with(12).await;
    let generous = |usual: iden_bridge::sync::Limits| usual.max_removed_percent(99).max_removed(1_000);
    let connector = stage.attach_limited::<Employee>(generous).await;
    completes(&connector).await;
    stage.company.lose(1..=5);
    stage.company.gain(101..=105);

    let churn = vec![HoldReason::Churn { slug: "employee".into(), removed: 5, created: 5, before: 12 }];
    assert_eq!(reasons(&stage, &connector).await, churn);
    assert_eq!(stage.app().active("employee"), 17, "the new ones came, the old ones stay");
    // What a held sync has pushed is not new to Iden any more, and still it is the same plan.
    assert_eq!(reasons(&stage, &connector).await, churn);

    // As many leave and nobody comes.
    let stage = Stage::with(12).await;
    let connector = stage.attach_limited::<Employee>(generous).await;
    completes(&connector).await;
    stage.company.lose(1..=5);
    completes(&connector).await;
    assert_eq!(stage.app().active("employee"), 7);
}

#[tokio::test]
async fn small_losses_in_a_row_are_held_in_sum_until_a_day_has_passed() {
    let stage = Stage::with(40).await;
    let clock = Arc::new(DayClock::default());
    let connector = stage.try_attach(stage.target().clock(clock.clone())).await.unwrap();
    completes(&connector).await;
    // 3 of 40, of 37 and of 34 may go at once; twice as many within 24 hours.
    stage.company.lose(1..=3);
    completes(&connector).await;
    clock.pass(12);
    stage.company.lose(4..=6);
    completes(&connector).await;
    stage.company.lose([7]);

    let excess = Excess::new("employee", 7, 6, 34);
    assert_eq!(reasons(&stage, &connector).await, [HoldReason::LastDay { kind: LossKind::Removed, excess }]);
    stage.app().assert_active("employee", "7");

    // The first three lie more than a day back now, the others do not.
    clock.pass(13);
    completes(&connector).await;
    stage.app().assert_removed("employee", "7");
    stage.company.lose(8..=10);
    let excess = Excess::new("employee", 7, 6, 33);
    assert_eq!(reasons(&stage, &connector).await, [HoldReason::LastDay { kind: LossKind::Removed, excess }]);
}

/// Issue 18, A10.
#[tokio::test]
async fn a_wall_clock_that_is_set_does_not_end_the_day() {
    for hours in [48, -48] {
        let stage = Stage::with(40).await;
        let clock = Arc::new(DayClock::default());
        let connector = stage.try_attach(stage.target().clock(clock.clone())).await.unwrap();
        completes(&connector).await;
        for leavers in [1..=3, 4..=6] {
            stage.company.lose(leavers);
            completes(&connector).await;
        }
        clock.set_forward(hours);
        stage.company.lose([7]);
        let excess = Excess::new("employee", 7, 6, 34);
        let too_many = [HoldReason::LastDay { kind: LossKind::Removed, excess }];
        assert_eq!(reasons(&stage, &connector).await, too_many);
        clock.pass(20);
        assert_eq!(reasons(&stage, &connector).await, too_many);
        // And it is over when a day has passed.
        clock.pass(5);
        completes(&connector).await;
        stage.app().assert_removed("employee", "7");
    }
}

#[tokio::test]
async fn what_a_person_approved_does_not_count_for_the_sum_of_a_day() {
    let stage = Stage::with(50).await;
    let connector = stage.attach().await;
    completes(&connector).await;
    stage.company.lose(41..=50);
    approve(&connector, &hold(&connector.sync(&go_on()).await.unwrap_err())).await;
    completes(&connector).await;
    assert_eq!(stage.app().removed("employee").len(), 10);
    loses_six_and_no_more(&stage, &connector).await;
}

#[tokio::test]
async fn what_iden_ordered_does_not_count_for_the_sum_of_a_day() {
    #[bridge_task]
    async fn erase(cx: TaskContext<Hr>, task: DeleteAccount<Employee>) -> Result<(), TaskError> {
        cx.lose([*task.id()]);
        Ok(())
    }
    let stage = Stage::with(50).await;
    let connector = stage.attach_with(tasks![erase]).await;
    completes(&connector).await;
    for number in 41..=50 {
        stage.app().queue(about("delete_account", number));
    }
    assert_eq!(connector.tasks_once(&go_on()).await.unwrap().completed(), 10);
    completes(&connector).await;
    assert_eq!(stage.app().removed("employee").len(), 10);

    loses_six_and_no_more(&stage, &connector).await;
}

/// Of 40 people, in three syncs of one day.
async fn loses_six_and_no_more(stage: &Stage, connector: &Attached<Hr>) {
    for three in [1..=3, 4..=6] {
        stage.company.lose(three);
        completes(connector).await;
    }
    stage.company.lose([7]);
    let excess = Excess::new("employee", 7, 6, 34);
    assert_eq!(reasons(stage, connector).await, [HoldReason::LastDay { kind: LossKind::Removed, excess }]);
}
