//! Tasks that change an account while a session is open that has read it already (reliability.md 4.6).
//!
//! Each promise holds under both answers to question P4, whether completing removes an account that came after the
//! session's snapshot, and with and without `Source::find`.

use std::sync::{Arc, atomic::Ordering};

use bridge_sandbox::{Assumptions, Fault, NewTask, Sandbox};
use iden_bridge::{
    connector::{Attached, ConnectorError},
    journal::{Excess, HoldReason},
    prelude::*,
    sync::SyncReport,
    tasks,
};
use serde_json::json;

use crate::{
    company::{Employee, Employment, Hr, Stage, go_on},
    sync_held::hold,
    tasks::{about, all},
    time::DayClock,
};

/// What is not known of Iden, or differs from source to source.
#[derive(Clone, Copy, Debug)]
struct World {
    newer_are_removed: bool,
    can_find: bool,
}

fn worlds() -> impl Iterator<Item = World> {
    let answers = [true, false].into_iter();
    answers.flat_map(|newer_are_removed| [true, false].map(|can_find| World { newer_are_removed, can_find }))
}

impl World {
    async fn stage(self, people: u32) -> Stage {
        let mut assumptions = Assumptions::default();
        assumptions.newer_records_are_removed = self.newer_are_removed;
        let stage = Stage::on(Sandbox::builder().assumptions(assumptions), people).await;
        stage.company.can_find.store(self.can_find, Ordering::SeqCst);
        stage
    }
}

/// Syncs, and has these tasks carried out when everybody was read: the first hundred are pushed by then, the others not.
pub async fn sync_around(
    stage: &Stage,
    connector: &Attached<Hr>,
    tasks: Vec<NewTask>,
) -> Result<SyncReport, ConnectorError> {
    let (stop, go) = (stage.company.stop_read(), go_on());
    let beside = async {
        stop.reached().await;
        let ids: Vec<_> = tasks.into_iter().map(|task| stage.app().queue(task)).collect();
        connector.tasks_once(&go).await.unwrap();
        for id in ids {
            stage.app().assert_task_completed(id);
            // Iden may take the word of the report for it: the new account is there from now on (question P17).
            if let Some(result) = stage.app().task(id).unwrap().result {
                stage.app().put_record("employee", &json!({"id": result["id"], "email": "new@acme.example"}));
            }
        }
        assert_eq!(stage.last_session(), "in_progress");
        stop.go_on();
    };
    tokio::join!(connector.sync(&go), beside).0
}

pub fn create() -> NewTask {
    NewTask::new("create_account", "employee").account(json!({"email": "new@acme.example"}))
}

#[tokio::test]
async fn an_account_that_a_task_created_meanwhile_is_not_removed() {
    for world in worlds() {
        let stage = world.stage(120).await;
        let connector = stage.attach_with(all()).await;
        connector.sync(&go_on()).await.unwrap();

        let report = sync_around(&stage, &connector, vec![create()]).await.unwrap();

        assert!(report.completed, "{world:?}");
        stage.app().assert_active("employee", "121");
        assert_eq!(stage.app().sessions().last().unwrap().pushed["employee"], 121, "{world:?}: it is in this session");
        assert_eq!(stage.held(121)["first_name"], "P121", "{world:?}: as the source has it");
        assert_eq!(stage.app().removed("employee"), [""; 0], "{world:?}");
        assert!(connector.sync(&go_on()).await.unwrap().completed, "{world:?}");
        stage.app().assert_active("employee", "121");
    }
}

#[tokio::test]
async fn a_new_account_that_the_source_does_not_show_yet_is_waited_for() {
    for world in worlds() {
        let stage = world.stage(20).await;
        let connector = stage.attach_with(all()).await;
        connector.sync(&go_on()).await.unwrap();
        stage.company.hidden.lock().unwrap().push(21);

        sync_around(&stage, &connector, vec![create()]).await.expect_err("it cannot be told apart from one who left");

        assert_eq!(stage.last_session(), "abandoned", "{world:?}");
        stage.app().assert_active("employee", "21");
        stage.company.hidden.lock().unwrap().clear();
        assert!(connector.sync(&go_on()).await.unwrap().completed, "{world:?}");
        stage.app().assert_active("employee", "21");
    }
}

/// A stage where a task has created an account before the sync, which the source does not show.
async fn created_and_hidden(world: World) -> (Stage, Attached<Hr>, Arc<DayClock>) {
    let stage = world.stage(20).await;
    let (connector, clock) = attach_by_day(&stage).await;
    connector.sync(&go_on()).await.unwrap();
    stage.company.hidden.lock().unwrap().push(21);
    let id = stage.app().queue(create());
    connector.tasks_once(&go_on()).await.unwrap();
    stage.app().assert_task_completed(id);
    stage.app().put_record("employee", &json!({"id": "21", "email": "new@acme.example"}));
    (stage, connector, clock)
}

/// A connector whose days can be passed over.
async fn attach_by_day(stage: &Stage) -> (Attached<Hr>, Arc<DayClock>) {
    let clock = Arc::new(DayClock::default());
    let target = stage.target().clock(clock.clone());
    (stage.connector_with(all()).attach(&target, json!({})).await.unwrap(), clock)
}

#[tokio::test]
async fn an_account_that_was_created_before_the_sync_and_is_not_shown_yet_is_waited_for_and_not_for_ever() {
    for world in worlds() {
        let (stage, connector, clock) = created_and_hidden(world).await;
        // One that is tried again at once does not count.
        for syncs in [2, 2, 1] {
            for _ in 0..syncs {
                let error = connector.sync(&go_on()).await.expect_err("it may be shown yet");
                assert!(error.to_string().contains("does not have it yet"), "{world:?}: {error}");
                stage.app().assert_active("employee", "21");
            }
            clock.set_forward(1);
        }
        // Somebody has deleted it: a leaver like any other.
        assert!(connector.sync(&go_on()).await.unwrap().completed, "{world:?}");
        stage.app().assert_removed("employee", "21");
    }
}

#[tokio::test]
async fn an_account_that_was_created_before_the_sync_and_is_shown_late_stays() {
    for world in worlds() {
        let (stage, connector, _) = created_and_hidden(world).await;
        connector.sync(&go_on()).await.expect_err("it may be shown yet");
        stage.company.hidden.lock().unwrap().clear();
        for _ in 0..2 {
            assert!(connector.sync(&go_on()).await.unwrap().completed, "{world:?}");
            stage.app().assert_active("employee", "21");
        }
        stage.company.lose([21]);
        assert!(connector.sync(&go_on()).await.unwrap().completed, "{world:?}: now it is a leaver");
        stage.app().assert_removed("employee", "21");
    }
}

#[tokio::test]
async fn an_account_whose_creation_iden_has_not_confirmed_is_waited_for_too() {
    for world in worlds() {
        let stage = world.stage(20).await;
        let (connector, clock) = attach_by_day(&stage).await;
        connector.sync(&go_on()).await.unwrap();
        stage.company.hidden.lock().unwrap().push(21);
        stage.app().queue(create());
        stage.sandbox.fault(Fault::ending("PATCH", "/status/").answer(500, "no"));
        assert_eq!(connector.tasks_once(&go_on()).await.unwrap().unreported, 1);
        // It was taken all the same.
        stage.app().put_record("employee", &json!({"id": "21", "email": "new@acme.example"}));

        for _ in 0..3 {
            connector.sync(&go_on()).await.expect_err("it may be shown yet");
            stage.app().assert_active("employee", "21");
            clock.set_forward(1);
        }
        assert!(connector.sync(&go_on()).await.unwrap().completed, "{world:?}: a report that is due holds up no sync");
    }
}

#[tokio::test]
async fn an_account_that_was_created_and_deleted_before_the_sync_is_not_waited_for() {
    for world in worlds() {
        let (stage, connector, _) = created_and_hidden(world).await;
        let id = stage.app().queue(about("delete_account", 21));
        connector.tasks_once(&go_on()).await.unwrap();
        stage.app().assert_task_completed(id);

        assert!(connector.sync(&go_on()).await.unwrap().completed, "{world:?}");
        stage.app().assert_removed("employee", "21");
    }
}

#[tokio::test]
async fn who_is_no_longer_suspended_by_a_task_is_not_shown_as_suspended_again() {
    for world in worlds() {
        let stage = world.stage(120).await;
        let connector = stage.attach_with(all()).await;
        stage.company.change([5], |person| person.status = Employment::OnLeave);
        connector.sync(&go_on()).await.unwrap();
        // Of the second one Iden has not heard: his suspension waits for the guard when the task ends it.
        stage.company.change([6, 110], |person| person.status = Employment::OnLeave);

        let tasks = [5, 6, 110].map(|number| about("unsuspend_account", number)).to_vec();
        assert!(sync_around(&stage, &connector, tasks).await.unwrap().completed, "{world:?}");

        for number in [5, 6, 110] {
            assert_eq!(stage.held(number)["status"], "active", "{number}, {world:?}");
        }
        assert_eq!(stage.app().active("employee"), 120, "{world:?}");
    }
}

#[tokio::test]
async fn what_a_task_changed_meanwhile_is_in_the_session() {
    for world in worlds() {
        let stage = world.stage(120).await;
        let connector = stage.attach_with(all()).await;
        connector.sync(&go_on()).await.unwrap();
        let tasks = [5, 110].map(|number| about("update_account", number).changes(json!({"first_name": "Ada"})));

        assert!(sync_around(&stage, &connector, tasks.to_vec()).await.unwrap().completed, "{world:?}");

        for number in [5, 110] {
            assert_eq!(stage.held(number)["first_name"], "Ada", "{number}, {world:?}");
        }
    }
}

#[tokio::test]
async fn suspensions_by_tasks_meanwhile_are_not_held() {
    for world in worlds() {
        let stage = world.stage(20).await;
        let connector = stage.attach_with(all()).await;
        connector.sync(&go_on()).await.unwrap();
        let tasks = (1..=10).map(|number| about("suspend_account", number)).collect();

        assert!(sync_around(&stage, &connector, tasks).await.unwrap().completed, "{world:?}");
        assert!(connector.sync(&go_on()).await.unwrap().completed, "{world:?}");

        for number in 1..=10 {
            assert_eq!(stage.held(number)["status"], "suspended", "{number}, {world:?}");
        }
        assert_eq!(stage.held(11)["status"], "active", "{world:?}");
        // The orders are used up: as many again are held.
        stage.company.change(11..=13, |person| person.status = Employment::OnLeave);
        hold(&connector.sync(&go_on()).await.unwrap_err());
    }
}

#[tokio::test]
async fn leavers_whom_tasks_erased_meanwhile_are_removed_by_the_next_sync_without_asking() {
    #[bridge_task]
    async fn erase(cx: TaskContext<Hr>, task: DeleteAccount<Employee>) -> Result<(), TaskError> {
        cx.lose([*task.id()]);
        Ok(())
    }
    for world in worlds() {
        let stage = world.stage(20).await;
        let connector = stage.attach_with(tasks![erase]).await;
        connector.sync(&go_on()).await.unwrap();
        let tasks = (1..=10).map(|number| about("delete_account", number)).collect();

        assert!(sync_around(&stage, &connector, tasks).await.unwrap().completed, "{world:?}");
        assert!(connector.sync(&go_on()).await.unwrap().completed, "{world:?}");
        assert_eq!(stage.app().active("employee"), 10, "{world:?}");
    }
}

/// Does something that nobody ordered.
#[bridge_task]
async fn change_and_suspend(cx: TaskContext<Hr>, task: UpdateAccount<Employee>) -> Result<(), TaskError> {
    cx.change([*task.id()], |person| person.status = Employment::OnLeave);
    Ok(())
}

#[tokio::test]
async fn what_is_held_at_the_last_look_is_held_the_next_time_too() {
    for world in worlds() {
        let stage = world.stage(20).await;
        let connector = stage.attach_with(tasks![change_and_suspend]).await;
        connector.sync(&go_on()).await.unwrap();
        let tasks = (1..=5).map(|number| about("update_account", number)).collect();

        // Nothing is wrong when the guard looks first, and five are suspended when the gate is closed.
        let held = [hold(&sync_around(&stage, &connector, tasks).await.unwrap_err())];
        let again = [hold(&connector.sync(&go_on()).await.unwrap_err())];

        for hold in held.into_iter().chain(again) {
            let five = HoldReason::Deactivated(Excess::new("employee", 5, 2, 20));
            assert_eq!(hold.reasons, [five], "{world:?}");
        }
        assert!((1..=5).all(|number| stage.held(number)["status"] == "active"), "{world:?}");
    }
}
