//! Memberships and assignments: what one group, one license and one type may lose, however many there are in all.

use iden_bridge::{
    connector::Attached,
    journal::{Excess, HoldReason, LinksOfOne},
    prelude::*,
};

use crate::{
    company::{Company, Employee, Employment, Hr, Stage, Team, employee, go_on},
    sync_held::{approve, hold},
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

fn found(company: &Company, team: &str) {
    company.teams.lock().unwrap().push(Team { id: team.into(), name: team.into() });
}

fn join(company: &Company, team: &str, numbers: impl IntoIterator<Item = u32>) {
    company.change(numbers, |person| person.teams.push(Ref::new(team)));
}

fn leave(company: &Company, team: &str, numbers: impl IntoIterator<Item = u32>) {
    company.change(numbers, |person| person.teams.retain(|one| *one != Ref::new(team)));
}

/// 13 of 200 people are administrators.
async fn administrators() -> (Stage, Attached<Hr>) {
    let stage = Stage::with(200).await;
    found(&stage.company, "admins");
    join(&stage.company, "admins", 1..=13);
    let connector = stage.attach().await;
    completes(&connector).await;
    (stage, connector)
}

/// Issue 18, C5.
#[tokio::test]
async fn a_small_group_that_loses_most_of_its_members_does_not_drown_in_the_total() {
    let (stage, connector) = administrators().await;
    leave(&stage.company, "admins", 1..=12);
    let admins = vec![LinksOfOne::new("admins", 12, 9, 13)];
    let too_many = HoldReason::LinksEach { slug: "team".into(), count: 1, examples: admins };
    assert_eq!(reasons(&stage, &connector).await, [too_many]);

    join(&stage.company, "admins", 10..=12);
    completes(&connector).await;
    assert_eq!(stage.held(9)["memberships"], serde_json::json!({"team": ["red"]}));
}

#[tokio::test]
async fn an_approval_lets_a_group_lose_most_of_its_members() {
    let (stage, connector) = administrators().await;
    leave(&stage.company, "admins", 1..=12);
    let held = hold(&connector.sync(&go_on()).await.unwrap_err());
    approve(&connector, &held).await;
    completes(&connector).await;
    assert_eq!(stage.held(1)["memberships"], serde_json::json!({"team": ["red"]}));
}

#[tokio::test]
async fn members_who_leave_the_system_are_not_counted() {
    let stage = Stage::with(400).await;
    found(&stage.company, "admins");
    join(&stage.company, "admins", 1..=20);
    let connector = stage.attach().await;
    completes(&connector).await;
    // 8 of them leave, and 9 of the other 12 are administrators no more.
    stage.company.lose(1..=8);
    leave(&stage.company, "admins", 9..=17);
    completes(&connector).await;
    assert_eq!(stage.app().removed("employee").len(), 8);
}

#[tokio::test]
async fn a_protected_group_is_not_left_without_members() {
    let stage = Stage::with(60).await;
    found(&stage.company, "admins");
    join(&stage.company, "admins", 1..=2);
    let connector = stage.attach_limited::<Team>(|usual| usual.protected(["admins"])).await;
    completes(&connector).await;
    leave(&stage.company, "admins", [2]);
    completes(&connector).await;

    let emptied = || vec![HoldReason::ProtectedEmptied { slug: "team".into(), ids: vec!["admins".into()] }];
    leave(&stage.company, "admins", [1]);
    assert_eq!(reasons(&stage, &connector).await, emptied());
    // Nor if the last one leaves the system.
    join(&stage.company, "admins", [1]);
    completes(&connector).await;
    stage.company.lose([1]);
    assert_eq!(reasons(&stage, &connector).await, emptied());
    // Somebody else is there instead.
    join(&stage.company, "admins", [3]);
    completes(&connector).await;
    stage.app().assert_removed("employee", "1");

    leave(&stage.company, "admins", [3]);
    let held = hold(&connector.sync(&go_on()).await.unwrap_err());
    approve(&connector, &held).await;
    completes(&connector).await;
}

#[tokio::test]
async fn a_protected_account_is_neither_suspended_nor_deactivated() {
    let stage = Stage::with(60).await;
    let connector = stage.attach_limited::<Employee>(|usual| usual.protected(["7"])).await;
    completes(&connector).await;
    for status in [Employment::OnLeave, Employment::Left] {
        stage.company.change([7], |person| person.status = status);
        let protected = HoldReason::ProtectedDeactivated { slug: "employee".into(), ids: vec!["7".into()] };
        assert_eq!(reasons(&stage, &connector).await, [protected]);
        assert_eq!(stage.held(7)["status"], "active");
    }
    stage.company.change([7], |person| person.status = Employment::Employed);
    stage.company.change([8], |person| person.status = Employment::OnLeave);
    completes(&connector).await;
}

/// Issue 18, B.
#[tokio::test]
async fn a_group_does_not_disappear_with_more_members_than_the_limit() {
    let stage = Stage::with(100).await;
    found(&stage.company, "project");
    join(&stage.company, "project", 1..=31);
    let connector = stage.attach().await;
    completes(&connector).await;
    let dissolve = |members| {
        stage.company.teams.lock().unwrap().retain(|team| team.id != "project");
        leave(&stage.company, "project", members);
    };
    dissolve(1..=31);
    // 231 links in all, of which a tenth may end.
    let excess = Excess::new("employee", 31, 24, 231);
    let vanish = HoldReason::LinksVanish { target: "team".into(), excess };
    assert_eq!(reasons(&stage, &connector).await, [vanish]);
    assert_eq!(stage.app().active("team"), 3);

    found(&stage.company, "project");
    join(&stage.company, "project", 1..=20);
    completes(&connector).await;
    dissolve(1..=20);
    completes(&connector).await;
    assert_eq!(stage.app().removed("team"), ["project"]);
}

#[tokio::test]
async fn the_approval_of_a_group_that_disappears_covers_its_members() {
    let stage = Stage::with(40).await;
    let connector = stage.attach().await;
    completes(&connector).await;
    stage.company.teams.lock().unwrap().retain(|team| team.id == "blue");
    leave(&stage.company, "red", 1..=40);
    let held = hold(&connector.sync(&go_on()).await.unwrap_err());
    approve(&connector, &held).await;
    completes(&connector).await;
    assert_eq!(stage.app().removed("team"), ["red"]);
    assert_eq!(stage.held(1)["memberships"], serde_json::json!({"team": []}));
}

#[tokio::test]
async fn ordinary_turnover_in_5_000_groups_is_not_held() {
    let stage = Stage::with(0).await;
    let name = |number: u32| format!("g{number}");
    for number in 0..5_000 {
        found(&stage.company, &name(number));
    }
    let person = |number: u32| Employee {
        teams: (0..10).map(|nth| Ref::new(name((number * 7 + nth * 499) % 5_000))).collect(),
        ..employee(number)
    };
    stage.company.people.lock().unwrap().extend((0..2_000).map(|number| (number, person(number))));
    let connector = stage.attach().await;
    completes(&connector).await;
    // 40 people leave and 40 come, 300 change one of their groups, and a few groups are dissolved and founded.
    stage.company.lose(0..40);
    stage.company.people.lock().unwrap().extend((2_000..2_040).map(|number| (number, person(number))));
    stage.company.change(100..400, |person| person.teams[0] = Ref::new("g7"));
    let gone: Vec<_> = (100..110).map(name).collect();
    stage.company.teams.lock().unwrap().retain(|team| !gone.contains(&team.id));
    stage.company.change(40..2_040, |person| {
        person.teams.retain(|team| !gone.iter().any(|gone| *team == Ref::new(gone.clone())));
    });
    found(&stage.company, "new");
    completes(&connector).await;
    assert_eq!(stage.app().removed("team").len(), 10);
}
