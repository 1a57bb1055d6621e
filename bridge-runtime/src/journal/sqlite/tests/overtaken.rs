use jiff::ToSpan;

use super::*;

fn timed(number: u8, action: &str, due: Option<i64>, created: Option<i64>) -> SeenTask {
    let at = |seconds: i64| NOW + seconds.seconds();
    SeenTask { action: action.to_owned(), due: due.map(at), created: created.map(at), ..task(number, Some("a")) }
}

/// The task that is asked about: to update the account `a`, due at 5, made at 3.
fn asked() -> SeenTask {
    timed(1, "update_account", Some(5), Some(3))
}

async fn with(others: &[SeenTask]) -> SqliteJournal {
    let journal = SqliteJournal::in_task().unwrap();
    start(&journal, &asked()).await;
    for other in others {
        settle(&journal, other, TaskEffect::default()).await;
    }
    journal
}

async fn overtaken(journal: &SqliteJournal) -> Option<TaskId> {
    journal.overtaken_by(&asked()).await.unwrap()
}

#[tokio::test]
async fn a_later_suspension_or_deletion_of_the_account_overtakes_a_task() {
    for action in ["suspend_account", "delete_account"] {
        let journal = with(&[timed(2, action, Some(6), Some(4))]).await;
        assert_eq!(overtaken(&journal).await, Some(task_id(2)), "{action}");
    }
    for action in ["update_account", "unsuspend_account", "create_account", ""] {
        let journal = with(&[timed(2, action, Some(6), Some(4))]).await;
        assert_eq!(overtaken(&journal).await, None, "{action}");
    }
}

/// A person whom Iden wants gone was kept, suspended, because a suspension that came later was carried out first.
#[tokio::test]
async fn a_suspension_does_not_overtake_a_deletion_for_both_orders_end_in_the_same() {
    let deletion = timed(1, "delete_account", Some(5), Some(3));
    for (action, overtakes) in [("suspend_account", false), ("delete_account", true)] {
        let journal = with(&[timed(2, action, Some(6), Some(4))]).await;
        assert_eq!(journal.overtaken_by(&deletion).await.unwrap().is_some(), overtakes, "{action}");
    }
}

#[tokio::test]
async fn what_came_later_is_told_by_the_two_times_alone() {
    for (due, created, later) in [
        (Some(6), Some(1), true),
        (Some(6), None, true),
        (Some(5), Some(4), true),
        (Some(5), Some(3), false),
        (Some(5), Some(2), false),
        (Some(5), None, false),
        (Some(4), Some(9), false),
        (None, Some(9), false),
        (None, None, false),
    ] {
        // With an id before that of the task, and one after it.
        for number in [0, 2] {
            let journal = with(&[timed(number, "suspend_account", due, created)]).await;
            assert_eq!(overtaken(&journal).await.is_some(), later, "{due:?} {created:?}");
        }
    }
}

#[tokio::test]
async fn every_time_is_later_than_a_missing_one_and_two_missing_ones_are_equal() {
    let timeless = timed(1, "update_account", None, None);
    for (due, created, later) in [(Some(-9), None, true), (None, Some(-9), true), (None, None, false)] {
        let journal = with(&[timed(2, "suspend_account", due, created)]).await;
        assert_eq!(journal.overtaken_by(&timeless).await.unwrap().is_some(), later, "{due:?} {created:?}");
    }
}

#[tokio::test]
async fn of_several_that_came_later_the_last_one_is_told() {
    let suspended = |number, due| timed(number, "suspend_account", Some(due), None);
    let journal = with(&[suspended(2, 7), suspended(3, 9), suspended(4, 8)]).await;
    assert_eq!(overtaken(&journal).await, Some(task_id(3)));
}

#[tokio::test]
async fn a_task_is_not_overtaken_by_what_is_done_to_another_account() {
    let suspended = timed(2, "suspend_account", Some(9), None);
    let other = SeenTask { account: Some("b".to_owned()), ..suspended.clone() };
    let of_another_type = SeenTask { id: task_id(3), slug: "contractor".to_owned(), ..suspended.clone() };
    let without = SeenTask { id: task_id(4), account: None, ..suspended };
    let journal = with(&[other, of_another_type, without]).await;
    assert_eq!(overtaken(&journal).await, None);
    assert_eq!(journal.overtaken_by(&SeenTask { account: None, ..asked() }).await.unwrap(), None);
}

#[tokio::test]
async fn a_task_does_not_overtake_itself() {
    let journal = with(&[timed(2, "suspend_account", Some(9), None)]).await;
    let itself = timed(2, "suspend_account", Some(5), None);
    assert_eq!(journal.overtaken_by(&itself).await.unwrap(), None);
}

#[tokio::test]
async fn only_what_was_carried_out_with_success_overtakes() {
    let suspend = timed(2, "suspend_account", Some(9), None);
    let journal = with(&[]).await;
    journal.see_tasks(vec![suspend.clone()], NOW).await.unwrap();
    assert_eq!(overtaken(&journal).await, None, "merely seen");
    start(&journal, &suspend).await;
    assert_eq!(overtaken(&journal).await, None, "not over");
    let failed = TaskEnd { report: TaskReport::failed("locked", "it is locked"), secret: false };
    journal.end_task(&suspend, &failed, TaskEffect::default(), NOW).await.unwrap();
    assert_eq!(overtaken(&journal).await, None, "failed");
    end(&journal, &suspend, TaskEffect::default()).await;
    assert_eq!(overtaken(&journal).await, Some(suspend.id), "Iden is still to be told");
    for to in [TaskState::Reported, TaskState::Gone] {
        move_to(&journal, &suspend, to).await;
        assert_eq!(overtaken(&journal).await, Some(suspend.id), "{to}");
    }
    move_to(&journal, &suspend, TaskState::Conflict).await;
    assert_eq!(overtaken(&journal).await, None, "somebody has decided otherwise");
}

#[tokio::test]
async fn a_deletion_overtakes_the_task_of_the_account_that_a_task_has_made() {
    let made = SeenTask { account: None, ..timed(3, "create_account", Some(1), None) };
    let journal = with(&[timed(2, "delete_account", Some(9), None)]).await;
    end(&journal, &made, touching(Some(account("a")))).await;
    let known = journal.tasks(vec![made.id]).await.unwrap().remove(0);
    assert_eq!(journal.overtaken_by(&known.seen).await.unwrap(), Some(task_id(2)));
}

/// The keys of an e-mail address and a login name of an employee; empty: it has none.
fn logins(email: &str, username: &str) -> [Option<LoginKey>; 2] {
    [LoginKey::of("employee", "email", email), LoginKey::of("employee", "username", username)]
}

/// The creation that is asked about: of `ann@acme.example`, or `ann`, made and due at 3.
fn creation() -> SeenTask {
    let logins = logins("ann@acme.example", "ann");
    SeenTask { account: None, logins, ..timed(1, "create_account", Some(3), Some(3)) }
}

/// A deletion of the account `a`, made at 4 and due then.
fn deletion(email: &str, username: &str) -> SeenTask {
    SeenTask { logins: logins(email, username), ..timed(2, "delete_account", Some(4), Some(4)) }
}

/// Whether a creation is overtaken by a task that was carried out.
async fn is_overtaken(creation: &SeenTask, by: SeenTask) -> bool {
    with(&[by]).await.overtaken_by(creation).await.unwrap().is_some()
}

#[tokio::test]
async fn a_creation_is_overtaken_by_the_deletion_of_who_has_its_address_or_its_login_name() {
    for (email, username, is_the_same) in [
        ("ann@acme.example", "", true),
        (" Ann@ACME.example ", "", true),
        ("", "ANN", true),
        ("other@acme.example", "ann", true),
        ("other@acme.example", "other", false),
        ("ann", "ann@acme.example", false),
        ("", "", false),
    ] {
        assert_eq!(is_overtaken(&creation(), deletion(email, username)).await, is_the_same, "{email} {username}");
    }
    let suspension = SeenTask { action: "suspend_account".to_owned(), ..deletion("", "ann") };
    assert!(is_overtaken(&creation(), suspension).await);
    let of_another_type = SeenTask { slug: "contractor".to_owned(), ..deletion("", "ann") };
    assert!(!is_overtaken(&creation(), of_another_type).await);
}

#[tokio::test]
async fn who_is_given_the_address_after_a_deletion_is_made() {
    for (due, created) in [(4, 4), (5, 5), (5, 2)] {
        let times = timed(1, "create_account", Some(due), Some(created));
        let rehired = SeenTask { due: times.due, created: times.created, ..creation() };
        assert!(!is_overtaken(&rehired, deletion("ann@acme.example", "ann")).await, "{due} {created}");
    }
    // It may have been made after the deletion: nobody can tell.
    let timeless = SeenTask { due: None, created: None, ..creation() };
    assert!(!is_overtaken(&timeless, deletion("ann@acme.example", "ann")).await);
}

#[tokio::test]
async fn two_accounts_that_share_an_address_do_not_overtake_each_other() {
    let address = logins("office@acme.example", "");
    let of_b = SeenTask { account: Some("b".to_owned()), logins: address, ..asked() };
    assert!(!is_overtaken(&of_b, SeenTask { due: of_b.due, ..deletion("office@acme.example", "") }).await);
    // But a deletion that names nobody but by the address may mean it.
    let without_id = SeenTask { account: None, ..timed(2, "delete_account", Some(6), Some(6)) };
    assert!(is_overtaken(&of_b, SeenTask { logins: address, ..without_id }).await);
}
