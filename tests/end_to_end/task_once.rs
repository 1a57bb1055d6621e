//! A task's effect happens once, whatever Iden lists and whatever is left of an earlier process.

use bridge_sandbox::{Fault, NewTask};
use iden_bridge::{
    connector::Attached,
    journal::{KnownTask, Retry, SqliteJournal, TaskJournal, TaskState, TaskStep},
    prelude::*,
    wire::TaskReport,
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    company::{Employee, Hr, Stage, go_on},
    log::Log,
    task_child,
    task_floor::{self, Floor},
    task_world,
    tasks::{about, all},
    trouble::{begin_and_be_killed, calls, known},
};

fn beside<S: Send + Sync + 'static>(connector: &Attached<S>) -> SqliteJournal {
    SqliteJournal::beside(connector.state()).unwrap()
}

async fn states<S: Send + Sync + 'static>(connector: &Attached<S>, task: Uuid) -> Vec<TaskState> {
    let steps = beside(connector).task_steps(task.into()).await.unwrap();
    steps.into_iter().map(|TaskStep { state, .. }| state).collect()
}

/// A suspension of number 1, as a process leaves it that was killed in its handler, after so many attempts.
async fn begun(stage: &Stage, attempts: usize, due: Option<jiff::Timestamp>) -> Uuid {
    let state = stage.attach_with(all()).await.state().to_owned();
    let task = about("suspend_account", 1);
    let task = stage.app().queue(if let Some(due) = due { task.execute_after(due) } else { task });
    for _ in 0..attempts {
        begin_and_be_killed(&state, task, "suspend_account", Some("1")).await;
    }
    task
}

/// A page of the list with this task, as if it were pending.
pub fn listing(stage: &Stage, task: Uuid) -> Fault {
    let view = stage.app().task(task).unwrap();
    let task = json!({
        "id": task, "action": view.action, "resource_type": view.resource_type, "status": "pending",
        "execute_after": null, "created_at": view.created_at, "payload": view.payload,
    });
    let page = json!({"count": 1, "next": null, "previous": null, "results": [task]});
    Fault::on("GET", "/tasks/?").times(1).answer_raw(200, "application/json", &page.to_string())
}

#[tokio::test]
async fn a_tasks_way_is_in_the_journal_step_by_step() {
    let stage = Stage::with(1).await;
    let connector = stage.attach_with(all()).await;
    let task = stage.app().queue(about("suspend_account", 1));
    connector.tasks_once(&go_on()).await.unwrap();
    use TaskState::{Executed, Reported, Seen, Started};
    assert_eq!(states(&connector, task).await, [Seen, Started, Executed, Reported]);
    let KnownTask { seen, attempts, end, .. } = known(&connector, task).await;
    assert_eq!((seen.account.as_deref(), attempts), (Some("1"), 1));
    assert_eq!(end.unwrap().report, TaskReport::completed(None));
}

#[tokio::test]
async fn a_task_that_is_listed_again_is_reported_again_and_not_run() {
    for restart in [false, true] {
        let stage = Stage::with(1).await;
        let mut connector = stage.attach_with(all()).await;
        let task = stage.app().queue(about("reset_password", 1));
        connector.tasks_once(&go_on()).await.unwrap();
        stage.app().assert_task_completed(task);
        if restart {
            drop(connector);
            connector = stage.attach_with(all()).await;
        }
        stage.sandbox.clear_requests();
        stage.sandbox.fault(listing(&stage, task));

        let round = connector.tasks_once(&go_on()).await.unwrap();

        assert_eq!((round.pending, round.completed(), stage.company.effects()), (1, 1, 1), "restart: {restart}");
        let reports = calls(&stage, "PATCH", "/status/");
        let report: Value = serde_json::from_str(&reports[0].body).unwrap();
        assert_eq!((reports.len(), report), (1, json!({"status": "completed"})), "its password is told once");
        assert_eq!(known(&connector, task).await.state, TaskState::Reported);
    }
}

#[tokio::test]
async fn a_list_that_is_older_than_the_report_makes_no_second_one() {
    let stage = Stage::with(2).await;
    let connector = stage.attach_with(all()).await;
    let tasks = [1, 2].map(|number| stage.app().queue(about("suspend_account", number)));
    connector.tasks_once(&go_on()).await.unwrap();
    tasks.iter().for_each(|task| stage.app().assert_task_completed(*task));
    assert_eq!(calls(&stage, "PATCH", "/status/").len(), 2);
    connector.tasks_once(&go_on()).await.unwrap();
    assert_eq!(calls(&stage, "PATCH", "/status/").len(), 2);
}

#[tokio::test]
async fn a_task_that_brings_the_connector_down_each_time_is_given_up() {
    let stage = Stage::with(1).await;
    let task = begun(&stage, 5, None).await;

    let connector = stage.attach_with(all()).await;
    connector.tasks_once(&go_on()).await.unwrap();

    stage.app().assert_task_failed(task, "outcome_unknown");
    assert_eq!(stage.company.effects(), 0);
    assert_eq!(known(&connector, task).await.attempts, 5);
}

#[tokio::test]
async fn a_deletion_that_finds_its_account_gone_after_an_interruption_is_done() {
    #[bridge_task]
    async fn leave(cx: TaskContext<Hr>, task: DeleteAccount<Employee>) -> Result<(), TaskError> {
        let there = cx.people.lock().unwrap().remove(task.id()).is_some();
        cx.effect();
        if there { Err(TaskError::unknown("the line went dead")) } else { Err(TaskError::account_not_found(task.id())) }
    }
    let stage = Stage::with(1).await;
    let connector = stage.attach_with(tasks![leave]).await;
    let (task, stranger) =
        (stage.app().queue(about("delete_account", 1)), stage.app().queue(about("delete_account", 99)));
    connector.tasks_once(&go_on()).await.unwrap();
    // Nobody has deleted that one: Iden and the system do not mean the same accounts.
    stage.app().assert_task_failed(stranger, "account_not_found");
    // 10 s on the hasty clock: the wait before another attempt.
    tokio::time::sleep(std::time::Duration::from_millis(510)).await;
    connector.tasks_once(&go_on()).await.unwrap();
    stage.app().assert_task_completed(task);
    assert_eq!(stage.company.effects(), 3);
}

#[tokio::test]
async fn attempts_of_a_process_that_was_killed_count() {
    let stage = Stage::with(1).await;
    let task = begun(&stage, 4, None).await;

    let connector = stage.attach_with(all()).await;
    connector.tasks_once(&go_on()).await.unwrap();

    stage.app().assert_task_completed(task);
    assert_eq!(known(&connector, task).await.attempts, 5);
}

#[tokio::test]
async fn what_somebody_else_reported_of_an_interrupted_task_is_left_as_it_is() {
    let (stage, log) = (Stage::with(1).await, Log::start());
    let task = begun(&stage, 1, None).await;
    let connector = stage.attach_with(all()).await;
    let report = TaskReport::failed("by_hand", "an admin did it");
    stage.client().report_task(connector.app(), task.into(), &report).await.unwrap();

    connector.tasks_once(&go_on()).await.unwrap();

    stage.app().assert_task_failed(task, "by_hand");
    assert_eq!((stage.company.effects(), known(&connector, task).await.state), (0, TaskState::Conflict));
    log.line(&["ERROR", "Iden shows this task as over", "failed"]);
}

#[tokio::test]
async fn an_interrupted_task_that_iden_has_no_more_is_gone() {
    let stage = Stage::with(1).await;
    let task = begun(&stage, 1, Some(jiff::Timestamp::MAX)).await;
    let connector = stage.attach_with(all()).await;

    // A page of something in between says nothing about the task; nor does one that is put off.
    let path = format!("/tasks/{task}/");
    stage.sandbox.fault(Fault::ending("GET", &path).times(1).answer_raw(404, "text/html", "<h1>no route</h1>"));
    for _ in 0..2 {
        connector.tasks_once(&go_on()).await.unwrap();
        assert_eq!(known(&connector, task).await.state, TaskState::Started);
    }
    stage.sandbox.fault(Fault::ending("GET", &path).times(1).answer(404, "no such task"));
    connector.tasks_once(&go_on()).await.unwrap();
    assert_eq!(known(&connector, task).await.state, TaskState::Gone);
}

#[tokio::test]
async fn what_a_suspension_has_overtaken_is_not_done_after_it() {
    let (stage, floor) = (Stage::with(0).await, Floor::default());
    let connector = floor.attach(&stage, task_floor::tasks()).await;
    let create = NewTask::new("create_account", "person").account(json!({"email": task_world::email(9)}));
    let parked = stage.app().queue(create);
    stage.sandbox.advance(std::time::Duration::from_secs(1));
    let resume = stage.app().queue(task_child::about("unsuspend_account", 9));
    stage.sandbox.advance(std::time::Duration::from_secs(1));
    let suspend = stage.app().queue(task_child::about("suspend_account", 9));

    let round = connector.tasks_once(&go_on()).await.unwrap();

    assert_eq!((round.parked, round.blocked, round.completed()), (1, 1, 1));
    stage.app().assert_task_completed(suspend);
    // A person settles the one that everybody waits for.
    let report = TaskReport::failed("by_hand", "nobody is to be made");
    stage.client().report_task(connector.app(), parked.into(), &report).await.unwrap();
    connector.tasks_once(&go_on()).await.unwrap();
    stage.app().assert_task_failed(resume, "superseded");
    assert_eq!(floor.begun(), [parked, suspend]);
    let message = stage.app().task(resume).unwrap().error.unwrap()["message"].as_str().unwrap().to_owned();
    assert!(message.contains(&suspend.to_string()), "{message}");
}

/// A task that makes an account has no id of it: the rule once went by ids alone, and the person was back.
#[tokio::test]
async fn who_was_deleted_is_not_made_anew_by_a_creation_that_waited() {
    let (stage, floor) = (Stage::with(0).await, Floor::default());
    let connector = floor.attach(&stage, task_floor::tasks()).await;
    let a_second_later = || stage.sandbox.advance(std::time::Duration::from_secs(1));
    let ann = |first_name| {
        let account = json!({"email": " Ann@ACME.example", "first_name": first_name});
        stage.app().queue(NewTask::new("create_account", "person").account(account))
    };
    let parked = ann(None);
    a_second_later();
    let again = ann(Some("Ann"));
    a_second_later();
    let account = json!({"id": "9", "email": "ann@acme.example"});
    let delete = stage.app().queue(NewTask::new("delete_account", "person").account(account));
    let round = connector.tasks_once(&go_on()).await.unwrap();
    assert_eq!((round.parked, round.blocked, round.completed()), (1, 1, 1));
    stage.app().assert_task_completed(delete);
    a_second_later();
    let rehired = ann(Some("Ann"));

    // A person settles the one that everybody waits for.
    let report = TaskReport::failed("by_hand", "nobody is to be made");
    stage.client().report_task(connector.app(), parked.into(), &report).await.unwrap();
    connector.tasks_once(&go_on()).await.unwrap();

    stage.app().assert_task_failed(again, "superseded");
    stage.app().assert_task_completed(rehired);
    assert_eq!(floor.begun(), [parked, delete, rehired]);
}

#[tokio::test]
async fn a_parked_task_stays_parked_over_a_restart_until_a_person_says_otherwise() {
    let (stage, floor) = (Stage::with(0).await, Floor::default());
    let connector = floor.attach(&stage, task_floor::tasks()).await;
    let task = stage.app().queue(NewTask::new("create_account", "person").account(json!({"email": "a@b.example"})));
    assert_eq!(connector.tasks_once(&go_on()).await.unwrap().parked, 1);
    drop(connector);
    let connector = floor.attach(&stage, task_floor::tasks()).await;
    assert_eq!(connector.tasks_once(&go_on()).await.unwrap().parked, 1);
    assert_eq!(floor.begun().len(), 1);
    drop(connector);

    let connector = floor.attach(&stage, task_floor::tasks()).await;
    beside(&connector).retry_task(task.into(), Retry::NotDone, jiff::Timestamp::now()).await.unwrap();
    assert_eq!(connector.tasks_once(&go_on()).await.unwrap().parked, 1);
    assert_eq!(floor.begun().len(), 2);
}

#[tokio::test]
async fn an_end_that_differs_from_idens_is_said_and_never_sent_again() {
    let stage = Stage::with(1).await;
    let connector: Attached<Hr> = stage.attach_with(all()).await;
    let task = stage.app().queue(about("suspend_account", 1));
    stage.sandbox.fault(Fault::ending("PATCH", "/status/").answer(500, "later"));
    assert_eq!(connector.tasks_once(&go_on()).await.unwrap().unreported, 1);
    let report = TaskReport::failed("by_hand", "an admin did it");
    stage.sandbox.clear_faults();
    stage.client().report_task(connector.app(), task.into(), &report).await.unwrap();

    assert_eq!(connector.tasks_once(&go_on()).await.unwrap().conflicts, 1);
    stage.sandbox.clear_requests();
    connector.tasks_once(&go_on()).await.unwrap();

    assert_eq!(calls(&stage, "PATCH", "/status/").len(), 0);
    stage.app().assert_task_failed(task, "by_hand");
    assert_eq!((known(&connector, task).await.state, stage.company.effects()), (TaskState::Conflict, 1));
}
