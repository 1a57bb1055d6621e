//! A source that is read by offset while its rows move: a read misses people who are there, and ends with `Ok(())`.

use iden_bridge::{Exit, journal::HoldReason, prelude::*, sync::SyncError};
use serde_json::json;

use crate::{
    register::{Desk, Finding, Manner, Plain, Snapshot, Table},
    trouble::failure,
};

fn completed(people: usize) -> (String, usize, Vec<String>) {
    ("completed".into(), people, vec![])
}

/// Three rows go after the first page, so that those from 101 to 103 slip under the reader.
fn three_slip(table: &Table) {
    table.then(|rows| drop(rows.drain(..3)));
}

#[tokio::test]
async fn who_slipped_under_the_reader_is_found_and_pushed() {
    let desk = Desk::<Finding>::synced().await;
    three_slip(&desk.people);

    let report = desk.sync().await.unwrap();

    assert_eq!(desk.last(), completed(250), "those who were read and have gone since, and those who were found");
    assert_eq!(desk.people.counted(), (1, 3));
    assert_eq!(
        report.types.iter().map(|one| (one.slug, one.pushed)).collect::<Vec<_>>(),
        [("crew", 3), ("person", 250)]
    );
    desk.assert_all_there();
    // Who is really gone goes now.
    desk.sync().await.unwrap();
    assert_eq!(desk.last(), ("completed".into(), 247, ["person 1", "person 2", "person 3"].map(String::from).into()));
    desk.assert_all_there();
}

#[tokio::test]
async fn without_find_a_second_read_brings_who_slipped_under_the_reader() {
    let desk = Desk::<Plain>::synced().await;
    three_slip(&desk.people);

    desk.sync().await.unwrap();

    assert_eq!(desk.last(), completed(250));
    assert_eq!(desk.people.counted(), (2, 0));
    desk.assert_all_there();
}

#[tokio::test]
async fn rows_that_move_under_both_reads_are_still_seen_by_one_of_them() {
    let desk = Desk::<Plain>::synced().await;
    three_slip(&desk.people);
    desk.people.calm();
    desk.people.calm();
    // The second read misses others, whom the first has seen: 204 to 206.
    desk.people.calm();
    three_slip(&desk.people);

    desk.sync().await.unwrap();

    assert_eq!(desk.last(), completed(250));
    assert_eq!(desk.people.rows.lock().unwrap().len(), 244);
    desk.assert_all_there();
}

#[tokio::test]
async fn a_row_that_comes_in_front_shifts_one_into_two_pages_and_removes_nobody() {
    let desk = Desk::<Plain>::synced().await;
    desk.people.then(|rows| rows.insert(0, 251));

    let report = desk.sync().await.unwrap();

    assert_eq!(report.types.last().unwrap().repeated, 1, "100 came twice");
    assert_eq!(desk.last(), completed(250), "251 came too late for this read");
    desk.sync().await.unwrap();
    assert_eq!(desk.last(), completed(251));
    desk.assert_all_there();
}

#[tokio::test]
async fn a_group_that_slipped_under_the_reader_keeps_its_members() {
    async fn keeps<M: Manner>() {
        let desk = Desk::<M>::synced().await;
        desk.crews.then(|rows| drop(rows.drain(..1)));
        let report = desk.sync().await.unwrap();
        assert_eq!(report.types.last().unwrap().dangling, 0);
        assert_eq!(desk.last(), completed(250));
        desk.assert_all_there();
        let held = desk.app().record("person", "7").unwrap().fields;
        assert_eq!(held["memberships"], json!({"crew": ["3"]}));
    }
    keeps::<Finding>().await;
    keeps::<Plain>().await;
}

#[tokio::test]
async fn a_read_that_ends_far_too_early_removes_nobody() {
    let finding = Desk::<Finding>::synced().await;
    *finding.people.short.lock().unwrap() = Some(100);
    finding.sync().await.unwrap();
    assert_eq!(finding.last(), completed(250), "each of the 150 was found");
    finding.assert_all_there();

    // Twice the same short read looks like the truth, and a snapshot is one: the guard is the last line.
    async fn is_held<M: Manner>() {
        let desk = Desk::<M>::synced().await;
        *desk.people.short.lock().unwrap() = Some(100);
        let error = desk.sync().await.unwrap_err();
        assert_eq!(Exit::of(&error), Exit::Held);
        let SyncError::Held(hold) = failure(error) else { panic!("not held") };
        assert!(
            matches!(&hold.reasons[..], [HoldReason::Removed(excess)] if (excess.count, excess.allowed) == (150, 13))
        );
        assert_eq!(desk.last(), ("abandoned".into(), 100, vec![]));
        desk.assert_all_there();
    }
    is_held::<Plain>().await;
    is_held::<Snapshot>().await;
}

#[tokio::test]
async fn a_look_up_that_fails_is_not_absence() {
    let desk = Desk::<Finding>::synced().await;
    desk.people.rows.lock().unwrap().pop();
    for trouble in [|| SourceError::new("no route"), || SourceError::busy(None, "later"), || panic!("odd id")] {
        *desk.people.find_breaks.lock().unwrap() = Some(trouble);
        let error = desk.sync().await.unwrap_err();
        assert_eq!(Exit::of(&error), Exit::Unavailable);
        let failure = failure(error);
        assert!(matches!(&failure, SyncError::LookUp { slug: "person", id, .. } if id == "250"), "{failure}");
        assert_eq!(desk.last(), ("abandoned".into(), 249, vec![]));
    }
    *desk.people.find_breaks.lock().unwrap() = None;
    desk.sync().await.unwrap();
    assert_eq!(desk.last(), ("completed".into(), 249, vec!["person 250".into()]));
}

#[tokio::test]
async fn a_second_read_that_fails_is_not_absence() {
    let desk = Desk::<Plain>::synced().await;
    desk.people.rows.lock().unwrap().pop();
    *desk.people.broken.lock().unwrap() = Some(2);
    let error = desk.sync().await.unwrap_err();
    assert_eq!(Exit::of(&error), Exit::Unavailable);
    assert!(matches!(failure(error), SyncError::Source { slug: "person", .. }));
    assert_eq!(desk.last(), ("abandoned".into(), 249, vec![]));
    desk.sync().await.unwrap();
    assert_eq!(desk.last(), ("completed".into(), 249, vec!["person 250".into()]));
}

#[tokio::test]
async fn a_snapshot_is_believed_at_once() {
    let desk = Desk::<Snapshot>::synced().await;
    desk.people.rows.lock().unwrap().pop();
    desk.sync().await.unwrap();
    assert_eq!(desk.people.counted(), (1, 0), "neither looked up nor read again");
    assert_eq!(desk.last(), ("completed".into(), 249, vec!["person 250".into()]));
}

#[tokio::test]
async fn an_id_twice_in_a_snapshot_belies_it() {
    let desk = Desk::<Snapshot>::synced().await;
    desk.people.then(|rows| rows.insert(0, 251));
    let error = desk.sync().await.unwrap_err();
    assert_eq!(Exit::of(&error), Exit::Data);
    assert!(error.to_string().contains("`100`"), "{error}");
    assert_eq!(desk.last().0, "abandoned");
    assert_eq!(desk.app().removed("person"), [""; 0]);
    desk.sync().await.unwrap();
    desk.assert_all_there();
}
