use jiff::ToSpan;

use super::*;
use crate::journal::{Approval, Excess, Hold, HoldReason, LossKind, PlanItem, PlanJournal};

const TEAMS: [&str; 2] = ["1", "2"];

/// `a` leaves team 2, `b` is suspended, those of `absent` are gone.
async fn scan(journal: &SqliteJournal, mode: ScanMode, absent: &[&str]) {
    journal.begin_scan(mode).await.unwrap();
    see_teams(journal, &TEAMS).await;
    see(journal, vec![member("a", &["1"]), with_status(Status::Suspended, employee("b"))]).await;
    journal.set_absent("employee", absent.iter().map(|id| (*id).to_owned()).collect()).await.unwrap();
}

async fn known_five() -> SqliteJournal {
    let journal = SqliteJournal::in_task().unwrap();
    let before = vec![member("a", &TEAMS), employee("b"), employee("c"), employee("d"), employee("e")];
    completed(&journal, &TEAMS, before).await;
    journal
}

fn removed() -> Vec<HoldReason> {
    vec![HoldReason::Removed(Excess::new("employee", 2, 1, 5))]
}

fn item(kind: LossKind, id: &str, target: Option<(&str, &str)>) -> PlanItem {
    let target = target.map(|(slug, id)| (slug.to_owned(), id.to_owned()));
    PlanItem::new("employee".to_owned(), kind, id.to_owned(), target)
}

#[tokio::test]
async fn a_plan_names_every_loss_in_order() {
    let journal = known_five().await;
    scan(&journal, ScanMode::Push, &["d", "c"]).await;
    let hash = journal.set_plan(&removed(), NOW).await.unwrap();
    assert!(hash.len() == 12 && hash.chars().all(|c| c.is_ascii_hexdigit()), "{hash}");
    let expected = [
        item(LossKind::Removed, "c", None),
        item(LossKind::Removed, "d", None),
        item(LossKind::Deactivated, "b", None),
        item(LossKind::Edge, "a", Some(("team", "2"))),
    ];
    assert_eq!(journal.plan_items(&hash, 99).await.unwrap(), expected);
    assert_eq!(journal.plan_items(&hash, 2).await.unwrap(), expected[..2]);
    assert!(expected.is_sorted());
    assert!(journal.plan_items("000000000000", 9).await.unwrap().is_empty());
}

#[tokio::test]
async fn types_stand_in_a_plan_in_order_of_their_slugs() {
    let journal = SqliteJournal::in_task().unwrap();
    completed(&journal, &["1"], vec![employee("a")]).await;
    journal.begin_scan(ScanMode::Push).await.unwrap();
    journal.set_absent("team", vec!["1".to_owned()]).await.unwrap();
    journal.set_absent("employee", vec!["a".to_owned()]).await.unwrap();
    let hash = journal.set_plan(&[], NOW).await.unwrap();
    let items = journal.plan_items(&hash, 9).await.unwrap();
    assert_eq!(items.iter().map(|item| item.slug.as_str()).collect::<Vec<_>>(), ["employee", "team"]);
}

#[tokio::test]
async fn an_edge_that_goes_with_its_group_is_no_item() {
    let journal = next_scan(&TEAMS, vec![member("a", &TEAMS)], &["1"]).await;
    see_one(&journal, member("a", &["1"])).await;
    journal.set_absent("team", vec!["2".to_owned()]).await.unwrap();
    let hash = journal.set_plan(&[], NOW).await.unwrap();
    let items = journal.plan_items(&hash, 9).await.unwrap();
    assert_eq!(items, [PlanItem::new("team".to_owned(), LossKind::Removed, "2".to_owned(), None)]);
}

#[tokio::test]
async fn the_target_of_a_dangling_edge_is_named_from_the_known_set() {
    let journal = next_scan(&TEAMS, vec![member("a", &TEAMS)], &["1"]).await;
    see_one(&journal, member("a", &TEAMS)).await;
    let hash = journal.set_plan(&[], NOW).await.unwrap();
    assert_eq!(journal.plan_items(&hash, 9).await.unwrap(), [item(LossKind::Edge, "a", Some(("team", "2")))]);
}

#[tokio::test]
async fn the_same_set_has_the_same_hash_in_a_dry_run_and_in_another_order() {
    let journal = known_five().await;
    let mut hashes = Vec::new();
    for (mode, absent) in [(ScanMode::Dry, ["c", "d"]), (ScanMode::Push, ["d", "c"])] {
        scan(&journal, mode, &absent).await;
        hashes.push(journal.set_plan(&removed(), NOW).await.unwrap());
        journal.end_scan(ScanEnd::Kept, NOW).await.unwrap();
    }
    assert_eq!(hashes[0], hashes[1]);
}

#[tokio::test]
async fn another_set_or_another_reason_has_another_hash() {
    let journal = known_five().await;
    scan(&journal, ScanMode::Push, &["c", "d"]).await;
    let hash = journal.set_plan(&removed(), NOW).await.unwrap();
    let more = vec![HoldReason::Removed(Excess::new("employee", 3, 1, 5))];
    assert_eq!(journal.set_plan(&more, NOW).await.unwrap(), hash, "its amount follows from the set");
    let churn = vec![HoldReason::Churn { slug: "employee".to_owned(), removed: 2, created: 2, before: 5 }];
    let other_type = vec![HoldReason::Removed(Excess::new("team", 2, 1, 5))];
    for reasons in [vec![], churn, other_type] {
        assert_ne!(journal.set_plan(&reasons, NOW).await.unwrap(), hash, "{reasons:?}");
    }
    journal.set_absent("employee", vec!["e".to_owned()]).await.unwrap();
    assert_ne!(journal.set_plan(&removed(), NOW).await.unwrap(), hash);
}

#[tokio::test]
async fn a_hash_is_the_same_in_every_version() {
    let journal = known_five().await;
    scan(&journal, ScanMode::Push, &["c"]).await;
    assert_eq!(journal.set_plan(&removed(), NOW).await.unwrap(), "119412270722");
}

#[tokio::test]
async fn what_is_held_is_told_until_it_is_not() {
    let directory = tempfile::tempdir().unwrap();
    let journal = open(&directory);
    let hold = Hold::new("0123456789ab", removed());
    journal.set_held(Some(&hold)).await.unwrap();
    drop(journal);
    let journal = open(&directory);
    assert_eq!(journal.held().await.unwrap(), Some(hold));
    journal.set_held(None).await.unwrap();
    assert_eq!(journal.held().await.unwrap(), None);
}

fn inherited(pushed: u64) -> [HoldReason; 1] {
    [HoldReason::InheritedApp { app: None, counted: None, pushed }]
}

#[tokio::test]
async fn a_plan_for_an_inherited_app_names_every_record_that_is_pushed() {
    let journal = SqliteJournal::in_task().unwrap();
    let mut hashes = Vec::new();
    for (mode, people) in [
        (ScanMode::Dry, &["a", "b"][..]),
        (ScanMode::Push, &["b", "a"]),
        (ScanMode::Push, &["a", "c"]),
        (ScanMode::Push, &["a"]),
    ] {
        journal.begin_scan(mode).await.unwrap();
        see_teams(&journal, &["1"]).await;
        see(&journal, people.iter().map(|id| employee(id)).collect()).await;
        let hash = journal.set_plan(&inherited(1), NOW).await.unwrap();
        assert_eq!(journal.set_plan(&inherited(7), NOW).await.unwrap(), hash, "the count is not part of it");
        let mut pushed: Vec<_> = people.iter().map(|id| ("employee".to_owned(), (*id).to_owned())).collect();
        pushed.sort();
        pushed.push(("team".to_owned(), "1".to_owned()));
        assert_eq!(journal.plan_pushed(&hash).await.unwrap(), pushed);
        // Where nothing is inherited, those who are new take nothing away.
        let other = journal.set_plan(&[], NOW).await.unwrap();
        assert!(journal.plan_pushed(&other).await.unwrap().is_empty());
        hashes.push(hash);
        journal.end_scan(ScanEnd::Failed, NOW).await.unwrap();
    }
    assert_eq!(hashes[0], hashes[1]);
    assert!(hashes[1] != hashes[2] && hashes[2] != hashes[3] && hashes[1] != hashes[3], "{hashes:?}");
}

#[tokio::test]
async fn ten_plans_for_an_inherited_app_are_kept() {
    let journal = SqliteJournal::in_task().unwrap();
    let mut hashes = Vec::new();
    for number in 0..12 {
        journal.begin_scan(ScanMode::Dry).await.unwrap();
        see_one(&journal, employee(&format!("{number}"))).await;
        hashes.push(journal.set_plan(&inherited(1), NOW + number.minutes()).await.unwrap());
    }
    for (number, hash) in hashes.iter().enumerate() {
        assert_eq!(!journal.plan_pushed(hash).await.unwrap().is_empty(), number >= 2, "{number}");
    }
}

/// A plan with this many removals, which tell it from the others.
async fn plan_of(journal: &SqliteJournal, removals: usize, now: Timestamp) -> String {
    journal.begin_scan(ScanMode::Dry).await.unwrap();
    let absent = (0..removals).map(|id| format!("{id:02}")).collect();
    journal.set_absent("employee", absent).await.unwrap();
    journal.set_plan(&[], now).await.unwrap()
}

async fn is_kept(journal: &SqliteJournal, hash: &str) -> bool {
    !journal.plan_items(hash, 1).await.unwrap().is_empty()
}

#[tokio::test]
async fn twenty_plans_are_kept_and_those_that_are_needed() {
    let journal = SqliteJournal::in_task().unwrap();
    completed(&journal, &[], (0..40).map(|id| employee(&format!("{id:02}"))).collect()).await;
    let mut hashes = Vec::new();
    for (number, minutes) in (1..=3).zip(0..) {
        hashes.push(plan_of(&journal, number, NOW + minutes.minutes()).await);
    }
    let hold = Hold::new(&hashes[0], vec![]);
    journal.set_held(Some(&hold)).await.unwrap();
    journal.approve(Approval::new(&hashes[1], "ada", "expected", NOW)).await.unwrap();
    for number in 4..=24 {
        hashes.push(plan_of(&journal, number, NOW + (number as i64).minutes()).await);
    }
    let mut gone = Vec::new();
    for (at, hash) in hashes.iter().enumerate() {
        if !is_kept(&journal, hash).await {
            gone.push(at);
        }
    }
    assert_eq!(gone, [1, 2, 3], "of 24 the last 20 and the one that is held; an approval needs no plan");
    let approved = journal.approvals().await.unwrap().remove(0);
    assert_eq!((&approved.hash, approved.used_at), (&hashes[1], None));
}

#[tokio::test]
async fn a_plan_is_kept_for_a_week() {
    let journal = SqliteJournal::in_task().unwrap();
    completed(&journal, &[], (0..9).map(|id| employee(&format!("{id:02}"))).collect()).await;
    let old = plan_of(&journal, 1, NOW).await;
    plan_of(&journal, 2, NOW + (6 * 24).hours()).await;
    assert!(is_kept(&journal, &old).await);
    plan_of(&journal, 3, NOW + (8 * 24).hours()).await;
    assert!(!is_kept(&journal, &old).await);
}
