use jiff::ToSpan;

use super::*;
use crate::journal::{Approval, LinksLost, MembersLost, PlanJournal};

/// So many members of team 1, all of them also of team 2; the next scan has begun and seen these teams.
async fn members(count: usize, teams_now: &[&str]) -> SqliteJournal {
    let before = (0..count).map(|number| member(&id(number), &["1", "2"])).collect();
    next_scan(&["1", "2"], before, teams_now).await
}

fn id(number: usize) -> String {
    format!("{number:02}")
}

async fn links(journal: &SqliteJournal) -> Vec<LinksLost> {
    journal.links_lost("employee", NOW).await.unwrap()
}

async fn of_teams(journal: &SqliteJournal, protected: &[&str]) -> Vec<MembersLost> {
    let protected: Vec<_> = protected.iter().map(|id| (*id).to_owned()).collect();
    journal.members_lost("team", &protected).await.unwrap()
}

fn to_teams(before: u64, lost: u64, last_day: u64, vanished: u64) -> LinksLost {
    LinksLost { target: "team".to_owned(), before, lost, last_day, vanished }
}

fn of(id: &str, before: u64, lost: u64, left: u64, protected: bool) -> MembersLost {
    MembersLost { id: id.to_owned(), before, lost, left, protected }
}

#[tokio::test]
async fn links_and_members_are_counted_where_ten_end() {
    for (leave, counted) in [(9, false), (10, true)] {
        let journal = members(20, &["1", "2"]).await;
        let now = |number| member(&id(number), if number < leave { &["2"] } else { &["1", "2"] });
        see(&journal, (0..20).map(now).collect()).await;
        see_one(&journal, member("new", &["1"])).await;
        let leave = leave as u64;
        assert_eq!(links(&journal).await, if counted { vec![to_teams(40, leave, 0, 0)] } else { vec![] });
        let members = if counted { vec![of("1", 20, leave, 21 - leave, false)] } else { vec![] };
        assert_eq!(of_teams(&journal, &[]).await, members);
    }
}

#[tokio::test]
async fn accounts_that_leave_are_counted_nowhere() {
    let journal = members(30, &["1", "2"]).await;
    see(&journal, (0..12).map(|number| member(&id(number), &["2"])).collect()).await;
    journal.set_absent("employee", (12..30).map(id).collect()).await.unwrap();
    assert_eq!(links(&journal).await, [to_teams(24, 12, 0, 0)]);
    assert_eq!(of_teams(&journal, &[]).await, [of("1", 12, 12, 0, false)]);
}

#[tokio::test]
async fn links_to_a_missing_group_are_counted_apart() {
    let journal = members(3, &["1"]).await;
    see(&journal, (0..2).map(|number| member(&id(number), &["1"])).collect()).await;
    journal.set_absent("team", vec!["2".to_owned()]).await.unwrap();
    journal.set_absent("employee", vec![id(2)]).await.unwrap();
    assert_eq!(links(&journal).await, [to_teams(0, 0, 0, 2)]);
    assert_eq!(losses(&journal).await.lost.edges, 0);
    assert_eq!(of_teams(&journal, &[]).await, []);
}

#[tokio::test]
async fn what_was_pushed_by_an_approval_counts_as_it_did_before() {
    let journal = members(20, &["1", "2"]).await;
    let judged = see(&journal, (0..15).map(|number| member(&id(number), &["2"])).collect()).await;
    see(&journal, (15..20).map(|number| member(&id(number), &["1", "2"])).collect()).await;
    let before = (links(&journal).await, of_teams(&journal, &[]).await);
    assert_eq!(before.1, [of("1", 20, 15, 5, false)]);
    let hash = journal.set_plan(&[], NOW).await.unwrap();
    journal.approve(Approval::new(hash, "ada", "expected", NOW)).await.unwrap();
    let held = judged.iter().enumerate().map(|(number, one)| (id(number), one.held_back.unwrap())).collect();
    journal.release("employee", held, NOW).await.unwrap();
    assert_eq!((links(&journal).await, of_teams(&journal, &[]).await), before);
}

#[tokio::test]
async fn the_day_is_summed_by_the_type_at_the_other_end() {
    let journal = members(20, &["1", "2"]).await;
    let without = |range: std::ops::Range<usize>, number| {
        member(&id(number), if range.contains(&number) { &["2"] } else { &["1", "2"] })
    };
    see(&journal, (0..20).map(|number| without(0..8, number)).collect()).await;
    journal.end_scan(COMPLETED, NOW).await.unwrap();
    journal.begin_scan(ScanMode::Push).await.unwrap();
    see_teams(&journal, &["1", "2"]).await;
    see(&journal, (0..20).map(|number| without(0..10, number)).collect()).await;
    assert_eq!(links(&journal).await, [to_teams(32, 2, 8, 0)]);
    assert_eq!(journal.links_lost("employee", NOW + 25.hours()).await.unwrap(), [], "that was the day before");
}

#[tokio::test]
async fn protected_groups_are_counted_whoever_leaves_them() {
    let journal = members(2, &["1", "2"]).await;
    see_one(&journal, member(&id(0), &["2"])).await;
    journal.set_absent("employee", vec![id(1)]).await.unwrap();
    let both = [of("1", 1, 1, 0, true), of("2", 1, 0, 1, true)];
    assert_eq!(of_teams(&journal, &["1", "2", "unknown"]).await, both);
    assert_eq!(of_teams(&journal, &[]).await, []);
    // Another one comes instead.
    see_one(&journal, member("new", &["1"])).await;
    assert_eq!(of_teams(&journal, &["1"]).await, [of("1", 1, 1, 1, true)]);
}
