//! A type that has no records left. Whether Iden empties it at complete, or leaves alone what a session pushed nothing of, is
//! not documented (question P12): what is known, and what is asked, must be right either way.

use std::sync::atomic::Ordering;

use bridge_sandbox::{Assumptions, Sandbox};
use iden_bridge::{
    connector::Attached,
    journal::{AppJournal, HoldReason, SqliteJournal},
    prelude::*,
    sync::SyncError,
    tasks,
};

use crate::{
    company::{Employee, Hr, Stage, Team, go_on},
    sync_held::{approve, hold},
    sync_race::{create, sync_around},
    tasks::{about, all},
    trouble::failure,
};

async fn stage(people: u32, keeps: bool) -> Stage {
    let mut assumptions = Assumptions::default();
    assumptions.types_without_a_page_are_emptied = !keeps;
    let stage = Stage::on(Sandbox::builder().assumptions(assumptions), people).await;
    // So that nothing but the type itself is lost.
    stage.company.change(1..=people, |person| person.teams.clear());
    stage
}

/// A sync that nothing holds. How many records it took away by the guard's count.
async fn completes(connector: &Attached<Hr>) -> u64 {
    let report = connector.sync(&go_on()).await.unwrap();
    assert!(report.completed && report.settled);
    report.types.iter().map(|one| one.lost.removed).sum()
}

/// How many records of a type Iden may hold, by the journal.
async fn known(connector: &Attached<Hr>, slug: &str) -> usize {
    let journal = SqliteJournal::beside(connector.state()).unwrap();
    let types = journal.types().await.unwrap();
    usize::try_from(types.iter().find(|one| one.slug == slug).unwrap().known).unwrap()
}

#[tokio::test]
async fn an_emptied_type_is_approved_once_and_whom_iden_may_still_hold_stays_known() {
    for keeps in [false, true] {
        let stage = stage(3, keeps).await;
        let connector = stage.attach().await;
        completes(&connector).await;
        stage.company.teams.lock().unwrap().clear();
        let held = hold(&connector.sync(&go_on()).await.unwrap_err());
        assert_eq!(held.reasons, [HoldReason::Emptied { slug: "team".into(), before: 2 }]);
        approve(&connector, &held).await;
        assert_eq!(completes(&connector).await, 2);

        let active = if keeps { 2 } else { 0 };
        for _ in 0..3 {
            assert_eq!(stage.app().active("team"), active, "keeps: {keeps}");
            assert_eq!(known(&connector, "team").await, 2, "nobody knows which of the two Iden does");
            assert_eq!(completes(&connector).await, 0, "it was approved");
        }

        *stage.company.teams.lock().unwrap() = vec![Team { id: "green".into(), name: "Green".into() }];
        assert_eq!(completes(&connector).await, 0, "it was approved");
        assert_eq!((stage.app().active("team"), known(&connector, "team").await), (1, 1), "keeps: {keeps}");
    }
}

#[tokio::test]
async fn who_comes_back_into_an_emptied_type_is_guarded_as_before() {
    for keeps in [false, true] {
        let stage = stage(3, keeps).await;
        let connector = stage.attach().await;
        completes(&connector).await;
        let before = std::mem::take(&mut *stage.company.teams.lock().unwrap());
        approve(&connector, &hold(&connector.sync(&go_on()).await.unwrap_err())).await;
        completes(&connector).await;
        *stage.company.teams.lock().unwrap() = before;
        completes(&connector).await;
        assert_eq!((stage.app().active("team"), known(&connector, "team").await), (2, 2), "keeps: {keeps}");

        stage.company.teams.lock().unwrap().clear();
        let held = hold(&connector.sync(&go_on()).await.unwrap_err());
        assert_eq!(held.reasons, [HoldReason::Emptied { slug: "team".into(), before: 2 }], "keeps: {keeps}");
        assert_eq!(stage.app().active("team"), 2);
    }
}

/// Takes the person out of the system for good.
#[bridge_task]
async fn erase(cx: TaskContext<Hr>, task: DeleteAccount<Employee>) -> Result<(), TaskError> {
    cx.lose([*task.id()]);
    Ok(())
}

#[tokio::test]
async fn the_last_one_whom_iden_ordered_away_needs_nobodys_leave_and_stays_known() {
    for keeps in [false, true] {
        let stage = stage(1, keeps).await;
        let connector = stage.attach_with(tasks![erase]).await;
        completes(&connector).await;
        stage.app().queue(about("delete_account", 1));
        connector.tasks_once(&go_on()).await.unwrap();
        for _ in 0..3 {
            assert_eq!(completes(&connector).await, 0);
            assert_eq!(known(&connector, "employee").await, 1, "keeps: {keeps}");
        }
        stage.company.gain([2]);
        assert_eq!(completes(&connector).await, 0);
        assert_eq!((stage.app().active("employee"), known(&connector, "employee").await), (1, 1), "keeps: {keeps}");
    }
}

/// The first of the type in this session: with it, completing removes those who were spared for certain, and nobody had looked
/// whether they are there.
#[tokio::test]
async fn who_was_spared_is_looked_up_before_a_session_with_the_first_new_account_removes_them() {
    for (keeps, active) in [(false, 0), (true, 3)] {
        let stage = stage(3, keeps).await;
        stage.company.can_find.store(true, Ordering::SeqCst);
        let connector = stage.attach_with(all()).await;
        completes(&connector).await;
        stage.company.lose(1..=3);
        approve(&connector, &hold(&connector.sync(&go_on()).await.unwrap_err())).await;
        completes(&connector).await;
        assert_eq!(stage.app().active("employee"), active);

        let error = failure(sync_around(&stage, &connector, vec![create()]).await.unwrap_err());
        assert!(matches!(&error, SyncError::Incomplete(why) if why[0].contains("was looked up")), "{error}");
        assert_eq!(stage.last_session(), "abandoned");

        assert_eq!(completes(&connector).await, 0, "it was approved");
        assert_eq!((stage.app().active("employee"), known(&connector, "employee").await), (1, 1), "keeps: {keeps}");
    }
}
