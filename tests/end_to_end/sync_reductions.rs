//! What a record takes away by changing: suspensions and ended memberships are judged before they are pushed.

use std::collections::BTreeMap;

use iden_bridge::{
    connector::Attached,
    journal::{Excess, HoldReason, LinksOfOne},
    prelude::*,
    sync::{SyncReport, TypeReport},
};
use serde_json::{Value, json};

use crate::{
    company::{Employment, Hr, Stage, employee, go_on},
    sync_held::{approve, hold},
};

async fn completes(connector: &Attached<Hr>) -> SyncReport {
    let report = connector.sync(&go_on()).await.unwrap();
    assert!(report.completed);
    report
}

/// Why the next sync is held.
async fn reasons(stage: &Stage, connector: &Attached<Hr>) -> Vec<HoldReason> {
    let held = hold(&connector.sync(&go_on()).await.unwrap_err());
    assert_eq!(stage.last_session(), "abandoned");
    held.reasons
}

fn of<'a>(report: &'a SyncReport, slug: &str) -> &'a TypeReport {
    report.types.iter().find(|one| one.slug == slug).unwrap()
}

/// How Iden holds everybody, by id.
fn all_held(stage: &Stage) -> BTreeMap<String, Value> {
    stage.app().records("employee").into_iter().map(|record| (record.id, record.fields)).collect()
}

/// So many of 20 people leave the team `red`. `to_teams`: memberships before, new ones of those people included.
fn red_lost(count: u64, to_teams: u64) -> Vec<HoldReason> {
    let red = vec![LinksOfOne::new("red", count, 10, 20)];
    vec![
        HoldReason::LinksEach { slug: "team".into(), count: 1, examples: red },
        HoldReason::Edges(Excess::new("employee", count, 4, 40)),
        HoldReason::LinksTo { target: "team".into(), excess: Excess::new("employee", count, 9, to_teams) },
    ]
}

#[tokio::test]
async fn empty_membership_lists_for_everyone_are_held_and_take_no_membership_away() {
    let stage = Stage::with(20).await;
    let connector = stage.attach().await;
    completes(&connector).await;
    let before = all_held(&stage);
    stage.company.change(1..=20, |person| person.teams.clear());

    // 20 memberships and 20 assignments; a tenth of them may end.
    assert_eq!(reasons(&stage, &connector).await, red_lost(20, 20));
    assert_eq!(all_held(&stage), before);
    // It is so every time: what was held once is not taken for granted.
    assert_eq!(reasons(&stage, &connector).await, red_lost(20, 20));
    assert_eq!(all_held(&stage), before);

    // The source is mended, and nothing is left of it.
    stage.company.change(1..=20, |person| person.teams = vec![Ref::new("red")]);
    stage.company.change([1], |person| person.teams = vec![Ref::new("blue")]);
    let report = completes(&connector).await;
    assert_eq!(of(&report, "employee").lost.edges, 1);
    assert_eq!(stage.held(1)["memberships"], json!({"team": ["blue"]}));
    assert_eq!(stage.held(2)["memberships"], json!({"team": ["red"]}));
}

#[tokio::test]
async fn what_takes_nothing_away_arrives_although_the_sync_is_held() {
    let stage = Stage::with(20).await;
    let connector = stage.attach().await;
    completes(&connector).await;
    stage.company.change(1..=20, |person| person.teams.clear());
    stage.company.change([7], |person| {
        person.teams = vec![Ref::new("red"), Ref::new("blue")];
        person.first_name = "Ada".into();
    });
    stage.company.gain([21]);

    assert_eq!(reasons(&stage, &connector).await, red_lost(19, 21));
    assert_eq!(stage.held(21)["memberships"], json!({"team": ["red"]}));
    assert_eq!(stage.held(7)["first_name"], "Ada");
    assert_eq!(stage.held(7)["memberships"], json!({"team": ["red", "blue"]}));
    assert_eq!(stage.held(8)["memberships"], json!({"team": ["red"]}));
}

#[tokio::test]
async fn an_approval_lets_the_memberships_end() {
    let stage = Stage::with(20).await;
    let connector = stage.attach().await;
    completes(&connector).await;
    stage.company.change(1..=20, |person| person.teams.clear());
    approve(&connector, &hold(&connector.sync(&go_on()).await.unwrap_err())).await;

    let report = completes(&connector).await;
    assert_eq!((of(&report, "employee").reduced, of(&report, "employee").lost.edges), (20, 20));
    assert!(all_held(&stage).values().all(|one| one["memberships"] == json!({"team": []})));
}

#[tokio::test]
async fn everyone_suddenly_suspended_is_held_and_nobody_is_suspended() {
    for status in [Employment::OnLeave, Employment::Left] {
        let stage = Stage::with(20).await;
        let connector = stage.attach().await;
        completes(&connector).await;
        stage.company.change(1..=20, |person| person.status = status);
        stage.company.gain([21]);

        let all = [HoldReason::Deactivated(Excess::new("employee", 20, 2, 20))];
        for _ in 0..2 {
            assert_eq!(reasons(&stage, &connector).await, all, "{status:?}");
            assert!(all_held(&stage).values().all(|one| one["status"] == "active"), "{status:?}");
            assert_eq!(stage.app().active("employee"), 21, "the new one came");
        }
    }
}

#[tokio::test]
async fn a_few_suspensions_pass_and_one_more_is_held() {
    let stage = Stage::with(20).await;
    let connector = stage.attach().await;
    completes(&connector).await;
    stage.company.change([3], |person| person.status = Employment::OnLeave);
    let report = completes(&connector).await;
    assert_eq!((of(&report, "employee").reduced, of(&report, "employee").lost.deactivated), (1, 1));
    assert_eq!(stage.held(3)["status"], "suspended");
    assert_eq!(stage.held(4)["status"], "active");

    // Who is suspended already loses nothing by leaving; three others do.
    stage.company.change([3, 4, 5, 6], |person| person.status = Employment::Left);
    let three = [HoldReason::Deactivated(Excess::new("employee", 3, 2, 20))];
    assert_eq!(reasons(&stage, &connector).await, three);
    assert_eq!([4, 5, 6].map(|number| stage.held(number)["status"].clone()), ["active", "active", "active"]);
}

#[tokio::test]
async fn who_is_active_again_arrives_although_the_sync_is_held() {
    let stage = Stage::with(20).await;
    stage.company.change([1], |person| person.status = Employment::OnLeave);
    let connector = stage.attach().await;
    completes(&connector).await;
    assert_eq!(stage.held(1)["status"], "suspended");
    stage.company.change(2..=20, |person| person.status = Employment::OnLeave);
    stage.company.change([1], |person| person.status = Employment::Employed);

    reasons(&stage, &connector).await;
    assert!(all_held(&stage).values().all(|one| one["status"] == "active"));
}

#[tokio::test]
async fn the_memberships_of_a_dissolved_group_are_counted_apart_and_its_removal_counts() {
    let stage = Stage::with(20).await;
    stage.company.change(1..=5, |person| person.teams.push(Ref::new("blue")));
    let connector = stage.attach().await;
    completes(&connector).await;
    stage.company.teams.lock().unwrap().retain(|team| team.id != "blue");
    stage.company.change(1..=20, |person| person.teams.truncate(1));

    // 5 of 45 memberships and assignments: so many may end with their groups.
    let report = completes(&connector).await;
    assert_eq!((of(&report, "team").lost.removed, of(&report, "employee").lost.edges), (1, 0));
    assert_eq!(stage.app().removed("team"), ["blue"]);
    assert!(all_held(&stage).values().all(|one| one["memberships"] == json!({"team": ["red"]})));
}

#[tokio::test]
async fn groups_that_are_not_read_while_their_members_are_listed_take_no_membership_away() {
    let stage = Stage::with(20).await;
    let connector = stage.attach().await;
    completes(&connector).await;
    let before = all_held(&stage);
    // The source may not see the group `red` any more, and still names it with each person.
    stage.company.teams.lock().unwrap().retain(|team| team.id != "red");

    // It is no group that loses its members: it is gone.
    assert_eq!(reasons(&stage, &connector).await, red_lost(20, 20)[1..]);
    assert_eq!(all_held(&stage), before);
    stage.app().assert_active("team", "red");
}

#[tokio::test]
async fn a_membership_in_a_group_that_was_not_read_is_dropped_and_named_and_the_rest_arrives() {
    let stage = Stage::with(3).await;
    let mut lost = employee(4);
    lost.teams = vec![Ref::new("ghost"), Ref::new("blue")];
    lost.seats.push(Ref::new("crm"));
    stage.company.people.lock().unwrap().insert(4, lost);
    let connector = stage.attach().await;

    let report = completes(&connector).await;

    assert_eq!(stage.app().active("employee"), 4);
    assert_eq!(stage.held(4)["memberships"], json!({"team": ["blue"]}));
    assert_eq!(stage.held(4)["assignments"], json!({"seat": ["mail"]}));
    let employees = of(&report, "employee");
    assert_eq!((employees.pushed, employees.dangling), (4, 2));
    assert!(employees.dangling_examples.iter().all(|one| one.contains("`4`")), "{:?}", employees.dangling_examples);
    for name in ["`ghost`", "`crm`"] {
        let named = employees.dangling_examples.iter().filter(|one| one.contains(name)).count();
        assert_eq!(named, 1, "{name} in {:?}", employees.dangling_examples);
    }
    let to_nowhere = stage.sandbox.warnings();
    assert_eq!(to_nowhere, [""; 0], "nothing that points to nowhere has left");
    // Once the group is read, the membership comes.
    stage.company.teams.lock().unwrap().push(crate::company::Team { id: "ghost".into(), name: "Ghosts".into() });
    completes(&connector).await;
    assert_eq!(stage.held(4)["memberships"], json!({"team": ["ghost", "blue"]}));
}
