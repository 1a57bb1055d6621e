use std::time::Duration;

use serde_json::{Value, json};

use super::{super::testing::task, *};
use crate::tasks::pending::{Pending, seen};

const NOW: Duration = Duration::from_secs(100);
const LATER: Duration = Duration::from_secs(200);

/// A task that comes in.
fn arriving(lanes: &mut Lanes, number: u32, action: &str, account: &Value) -> Pending {
    let task = task(number, action, json!({ "account": account }));
    let pending = Pending::of(&seen(&task));
    lanes.enter(&pending, &Subject::of(&seen(&task)));
    pending
}

fn queue(lanes: &mut Lanes, number: u32, action: &str, account: &Value) {
    let pending = arriving(lanes, number, action, account);
    lanes.queue(pending);
}

/// A task of an account that comes in, and that a person has to look into.
fn park(lanes: &mut Lanes, number: u32, account: u32) {
    let pending = arriving(lanes, number, "update_account", &about(account));
    lanes.park(pending);
}

fn about(account: u32) -> Value {
    json!({ "id": account.to_string() })
}

fn id(number: u32) -> TaskId {
    task(number, "", json!({})).id
}

fn number(pending: &Pending) -> u32 {
    let id = pending.id().to_string();
    id.rsplit('-').next().unwrap().parse().unwrap()
}

/// The numbers of all that may run now.
fn next(lanes: &mut Lanes) -> Vec<u32> {
    std::iter::from_fn(|| lanes.next(NOW)).map(|pending| number(&pending)).collect()
}

#[test]
fn one_task_of_an_account_runs_at_a_time_and_the_oldest_first() {
    let mut lanes = Lanes::default();
    for (number, account) in [(3, 1), (1, 1), (4, 2), (2, 1)] {
        queue(&mut lanes, number, "update_account", &about(account));
    }
    assert_eq!(next(&mut lanes), [1, 4]);
    lanes.remove(id(1));
    assert_eq!(next(&mut lanes), [2]);
    lanes.remove(id(4));
    assert_eq!(next(&mut lanes), [0; 0]);
    lanes.remove(id(2));
    assert_eq!(next(&mut lanes), [3]);
}

#[test]
fn across_accounts_the_oldest_goes_first() {
    let mut lanes = Lanes::default();
    (1..=5).rev().for_each(|number| queue(&mut lanes, number, "update_account", &about(number)));
    assert_eq!(next(&mut lanes), [1, 2, 3, 4, 5]);
}

#[test]
fn one_that_waits_for_its_time_holds_its_lane_and_no_other() {
    let mut lanes = Lanes::default();
    for (number, account) in [(1, 1), (2, 1), (3, 2)] {
        queue(&mut lanes, number, "suspend_account", &about(account));
    }
    let first = lanes.next(NOW).unwrap();
    lanes.delay(first, LATER);
    assert_eq!(next(&mut lanes), [3]);
    lanes.remove(id(3));
    assert_eq!(lanes.next_due(), Some(LATER));
    assert_eq!(lanes.standing(), Standing { waiting: 1, blocked: 1, ..Standing::default() });
    assert_eq!(number(&lanes.next(LATER).unwrap()), 1);
    assert_eq!(lanes.next_due(), None);
}

#[test]
fn a_parked_task_holds_its_account_but_for_suspensions_and_deletions() {
    let mut lanes = Lanes::default();
    park(&mut lanes, 1, 1);
    let behind = [(2, "update_account"), (3, "suspend_account"), (4, "unsuspend_account"), (5, "delete_account")];
    behind.into_iter().for_each(|(number, action)| queue(&mut lanes, number, action, &about(1)));
    assert_eq!(next(&mut lanes), [3]);
    assert_eq!(next(&mut lanes), [0; 0], "one at a time, still");
    lanes.remove(id(3));
    assert_eq!(next(&mut lanes), [5]);
    lanes.remove(id(5));
    assert_eq!(next(&mut lanes), [0; 0]);
    lanes.release(id(1), |pending| pending);
    assert_eq!(next(&mut lanes), [1]);
    lanes.remove(id(1));
    assert_eq!(next(&mut lanes), [2]);
}

#[test]
fn what_iden_does_not_show_is_set_aside_until_the_next_poll() {
    let mut lanes = Lanes::default();
    queue(&mut lanes, 1, "update_account", &about(1));
    queue(&mut lanes, 2, "suspend_account", &about(1));
    let first = lanes.next(NOW).unwrap();
    lanes.set_aside(first);
    assert_eq!(next(&mut lanes), [2], "a suspension passes it");
    lanes.remove(id(2));
    assert_eq!(next(&mut lanes), [0; 0]);
    lanes.take_from_aside();
    assert_eq!(next(&mut lanes), [1]);
}

#[test]
fn a_report_that_does_not_arrive_holds_its_account_and_after_some_tries_like_a_parked_task() {
    let mut lanes = Lanes::default();
    let over = arriving(&mut lanes, 1, "update_account", &about(1));
    lanes.hold_report(over);
    queue(&mut lanes, 2, "update_account", &about(1));
    queue(&mut lanes, 3, "delete_account", &about(1));
    for _ in 0..REPORTS_IN_VAIN {
        assert_eq!(next(&mut lanes), [0; 0]);
        lanes.resend();
        let mut report = lanes.next_report().unwrap();
        assert_eq!(number(&report), 1);
        report.reports += 1;
        lanes.hold_report(report);
        assert!(lanes.next_report().is_none(), "not again before it is asked for");
    }
    assert_eq!(next(&mut lanes), [3]);
}

#[test]
fn whoever_is_being_made_shares_a_lane_with_later_tasks_of_the_same_person() {
    let mut lanes = Lanes::default();
    queue(&mut lanes, 1, "create_account", &json!({"email": "Ann@acme.example"}));
    queue(&mut lanes, 2, "update_account", &json!({"id": "7", "email": "ann@acme.example"}));
    queue(&mut lanes, 3, "create_account", &json!({"username": "bob", "email": "ann@acme.example"}));
    queue(&mut lanes, 4, "create_account", &json!({"username": "bob"}));
    queue(&mut lanes, 5, "update_account", &about(7));
    queue(&mut lanes, 6, "create_account", &json!({"username": "cid"}));
    assert_eq!(next(&mut lanes), [1, 6]);
    for (done, then) in [(1, 2), (2, 3), (3, 4), (4, 5)] {
        lanes.remove(id(done));
        assert_eq!(next(&mut lanes), [then]);
    }
}

#[test]
fn a_person_is_made_again_only_after_the_old_account_was_deleted() {
    let mut lanes = Lanes::default();
    queue(&mut lanes, 2, "create_account", &json!({"email": "ann@acme.example"}));
    queue(&mut lanes, 1, "delete_account", &json!({"id": "7", "email": "ann@acme.example"}));
    assert_eq!(next(&mut lanes), [1]);
    lanes.remove(id(1));
    assert_eq!(next(&mut lanes), [2]);
}

#[test]
fn two_accounts_that_share_an_address_are_two() {
    let mut lanes = Lanes::default();
    for (number, id) in [(1, "7"), (2, "8")] {
        queue(&mut lanes, number, "update_account", &json!({"id": id, "email": "office@acme.example"}));
    }
    assert_eq!(next(&mut lanes), [1, 2]);
}

#[test]
fn lanes_that_turn_out_to_be_one_are_joined_even_while_both_are_at_work() {
    let mut lanes = Lanes::default();
    for (number, id) in [(1, "7"), (2, "8")] {
        queue(&mut lanes, number, "update_account", &json!({"id": id, "email": "office@acme.example"}));
    }
    assert_eq!(next(&mut lanes), [1, 2]);
    queue(&mut lanes, 3, "create_account", &json!({"email": "office@acme.example"}));
    assert_eq!(next(&mut lanes), [0; 0]);
    lanes.remove(id(1));
    assert_eq!(next(&mut lanes), [0; 0]);
    lanes.remove(id(2));
    assert_eq!(next(&mut lanes), [3]);
}

#[test]
fn what_names_nobody_is_nobodys_lane() {
    let mut lanes = Lanes::default();
    [1, 2].into_iter().for_each(|number| queue(&mut lanes, number, "rotate_keys", &Value::Null));
    assert_eq!(next(&mut lanes), [1, 2]);
}

#[test]
fn what_iden_lists_no_more_is_let_go_of_behind_a_parked_task() {
    let mut lanes = Lanes::default();
    park(&mut lanes, 1, 1);
    [2, 3].into_iter().for_each(|number| queue(&mut lanes, number, "update_account", &about(1)));
    queue(&mut lanes, 4, "update_account", &about(2));
    lanes.drop_unlisted(|task| task == id(3));
    assert_eq!([1, 2, 3, 4].map(|number| lanes.contains(id(number))), [true, false, true, true]);
    assert_eq!(lanes.before(id(3)), Some(id(1)));
}

#[test]
fn nothing_is_left_behind() {
    let mut lanes = Lanes::default();
    for number in 1..=50 {
        let account = match number % 5 {
            0 => json!({"email": format!("{}@acme.example", number % 3)}),
            _ => json!({"id": (number % 7).to_string(), "email": format!("{}@acme.example", number % 3)}),
        };
        queue(&mut lanes, number, "update_account", &account);
    }
    (1..=50).for_each(|number| lanes.remove(id(number)));
    assert!(lanes.directory.is_empty() && lanes.lanes.is_empty() && lanes.entries.is_empty());
    assert_eq!((lanes.ready(), lanes.next_due()), (0, None));
}

/// Whatever happens in whatever order: of an account one task runs at a time; nobody overtakes, but for suspensions and
/// deletions a parked one; every account goes on that can; and in the end everything has run.
#[test]
fn the_order_holds_whatever_happens() {
    for seed in 0..300_u64 {
        model::drive(&seed.to_be_bytes());
    }
}

#[test]
fn an_account_that_gets_a_login_waits_for_the_account_that_has_it() {
    let update = |lanes: &mut Lanes, number: u32, account: Value, changes: Value| {
        let task = task(number, "update_account", json!({"account": account, "changes": changes}));
        let pending = Pending::of(&seen(&task));
        lanes.enter(&pending, &Subject::of(&seen(&task)));
        lanes.queue(pending);
    };
    let mut lanes = Lanes::default();
    queue(&mut lanes, 1, "delete_account", &json!({"id": "1", "email": "ann@acme.example"}));
    queue(&mut lanes, 2, "update_account", &json!({"id": "2", "email": "ann@acme.example"}));
    update(&mut lanes, 3, about(3), json!({"email": "Ann@acme.example"}));
    update(&mut lanes, 4, about(4), json!({"username": "ann@acme.example"}));
    queue(&mut lanes, 5, "create_account", &json!({"username": "ann@acme.example"}));
    assert_eq!(next(&mut lanes), [1, 4]);
    [1, 4].into_iter().for_each(|number| lanes.remove(id(number)));
    assert_eq!(next(&mut lanes), [2, 5]);
    lanes.remove(id(2));
    assert_eq!(next(&mut lanes), [3]);
}
