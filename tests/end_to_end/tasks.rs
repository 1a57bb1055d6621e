//! What becomes of a task.

use bridge_sandbox::{Fault, NewTask};
use iden_bridge::{Tasks, prelude::*};
use serde_json::{Value, json};

use crate::company::{Employee, Employment, Hr, Stage, employee, go_on};

#[derive(Debug, thiserror::Error, BridgeError)]
enum HrError {
    #[error("there is no employee {0}")]
    #[bridge(code = "account_not_found")]
    NoSuchPerson(u32),
    #[error("{0} is taken")]
    #[bridge(code = "account_already_exists")]
    Taken(String),
}

fn change_of(cx: &TaskContext<Hr>, number: u32, change: impl FnOnce(&mut Employee)) -> Result<(), HrError> {
    let mut people = cx.people.lock().unwrap();
    change(people.get_mut(&number).ok_or(HrError::NoSuchPerson(number))?);
    cx.effect();
    Ok(())
}

#[bridge_task(verify = hired)]
async fn hire(cx: TaskContext<Hr>, task: CreateAccount<Employee>) -> Result<Created<Employee>, HrError> {
    let email = task.email().unwrap_or_default().to_owned();
    let mut people = cx.people.lock().unwrap();
    if people.values().any(|person| person.email.as_ref() == Some(&email)) {
        return Err(HrError::Taken(email));
    }
    let number = people.keys().max().unwrap_or(&0) + 1;
    let teams = task.memberships().unwrap_or_default();
    people.insert(number, Employee { email: Some(email), teams, ..employee(number) });
    cx.effect();
    Ok(Created::new(number))
}

async fn hired(cx: &TaskContext<Hr>, task: &CreateAccount<Employee>) -> Result<Probe<Created<Employee>>, HrError> {
    let people = cx.people.lock().unwrap();
    let found = people.values().find(|person| person.email.as_deref() == task.email());
    Ok(found.map_or(Probe::NotApplied, |person| Probe::Applied(Created::new(person.number))))
}

#[bridge_task]
async fn change(cx: TaskContext<Hr>, task: UpdateAccount<Employee>) -> Result<(), TaskError> {
    for change in task.changes() {
        match change {
            AccountChange::FirstName(Some(name)) => {
                change_of(&cx, *task.id(), |person| person.first_name = name).map_err(BridgeError::into_task_error)?;
            }
            other => return Err(TaskError::unsupported(&other)),
        }
    }
    Ok(())
}

#[bridge_task]
async fn leave(cx: TaskContext<Hr>, task: DeleteAccount<Employee>) -> Result<(), HrError> {
    change_of(&cx, *task.id(), |person| person.status = Employment::Left)
}

#[bridge_task]
async fn suspend(cx: TaskContext<Hr>, task: SuspendAccount<Employee>) -> Result<(), HrError> {
    change_of(&cx, *task.id(), |person| person.status = Employment::OnLeave)
}

#[bridge_task]
async fn resume(cx: TaskContext<Hr>, task: UnsuspendAccount<Employee>) -> Result<(), HrError> {
    change_of(&cx, *task.id(), |person| person.status = Employment::Employed)
}

#[bridge_task]
async fn reset(cx: TaskContext<Hr>, _task: ResetPassword<Employee>) -> Result<NewPassword, HrError> {
    cx.effect();
    Ok(NewPassword::temporary(Secret::new("correct horse")))
}

pub fn all() -> Tasks<Hr> {
    tasks![hire, change, leave, suspend, resume, reset]
}

/// A connector that cannot suspend anybody.
pub fn leavers() -> Tasks<Hr> {
    tasks![leave, change]
}

/// A task about an existing employee.
pub fn about(action: &str, number: u32) -> NewTask {
    NewTask::new(action, "employee").account(json!({"id": number.to_string()}))
}

#[tokio::test]
async fn all_six_kinds_are_carried_out_and_reported() {
    let stage = Stage::with(5).await;
    let connector = stage.attach_with(all()).await;
    connector.sync(&go_on()).await.unwrap();
    let app = stage.app();
    let created = app.queue(
        NewTask::new("create_account", "employee")
            .account(json!({"email": "new@acme.example"}))
            .memberships(json!({"team": ["blue"]})),
    );
    let updated = app.queue(about("update_account", 1).changes(json!({"first_name": "Ada"})));
    let others = [("delete_account", 2), ("suspend_account", 3), ("unsuspend_account", 4)];
    let others = others.map(|(action, number)| app.queue(about(action, number)));
    let reset = app.queue(about("reset_password", 5));

    let round = connector.tasks_once(&go_on()).await.unwrap();

    assert_eq!((round.pending, round.completed(), round.failed()), (6, 6, 0));
    for id in [created, updated, reset].into_iter().chain(others) {
        app.assert_task_completed(id);
    }
    assert_eq!(app.task(created).unwrap().result, Some(json!({"id": "6"})));
    assert_eq!(app.task(reset).unwrap().result, Some(json!({"password": "correct horse"})));
    assert_eq!(app.task(updated).unwrap().result, None);
    connector.sync(&go_on()).await.unwrap();
    let held = |id: &str| app.record("employee", id).unwrap().fields;
    assert_eq!(held("6")["memberships"], json!({"team": ["blue"]}));
    assert_eq!(held("1")["first_name"], "Ada");
    assert_eq!([held("2"), held("3"), held("4")].map(|one| one["status"].clone()), ["inactive", "suspended", "active"]);
    assert_eq!(stage.sandbox.warnings(), Vec::<String>::new());
}

#[tokio::test]
async fn what_cannot_be_done_is_reported_failed_and_the_rest_goes_on() {
    let stage = Stage::with(3).await;
    let connector = stage.attach_with(tasks![suspend, change]).await;
    let app = stage.app();
    let unknown_action = app.queue(about("freeze_account", 1));
    let no_handler = app.queue(about("delete_account", 1));
    let another_type = app.queue(NewTask::new("suspend_account", "robot").account(json!({"id": "1"})));
    let no_id = app.queue(NewTask::new("suspend_account", "employee"));
    let no_number = app.queue(NewTask::new("suspend_account", "employee").account(json!({"id": "007"})));
    let no_list = app.queue(about("suspend_account", 1).memberships(json!({"team": "red"})));
    let no_such_group = app.queue(about("update_account", 1).memberships(json!({"crew": ["red"]})));
    let no_such_status =
        app.queue(NewTask::new("suspend_account", "employee").account(json!({"id": "1", "status": "frozen"})));
    let nobody = app.queue(about("suspend_account", 99));
    let no_such_change = app.queue(about("update_account", 1).changes(json!({"shoe_size": 43})));
    let fine = app.queue(about("suspend_account", 2));

    let round = connector.tasks_once(&go_on()).await.unwrap();

    assert_eq!((round.pending, round.completed(), round.failed()), (11, 1, 10));
    for id in [unknown_action, no_handler, another_type] {
        app.assert_task_failed(id, "unsupported_action");
    }
    for id in [no_id, no_number, no_list, no_such_group, no_such_status] {
        app.assert_task_failed(id, "invalid_payload");
    }
    app.assert_task_failed(nobody, "account_not_found");
    app.assert_task_failed(no_such_change, "unsupported_change");
    app.assert_task_completed(fine);
    let message = app.task(no_number).unwrap().error.unwrap()["message"].clone();
    assert_eq!(message, "`payload.account.id` is `007`, which is no id of `employee`");
    assert_eq!(stage.company.effects(), 1);
}

#[tokio::test]
async fn every_pending_task_is_done_once_however_many_there_are() {
    let stage = Stage::with(230).await;
    let connector = stage.attach_with(all()).await;
    let app = stage.app();
    let ids: Vec<_> = (1..=230).map(|number| app.queue(about("suspend_account", number))).collect();

    let round = connector.tasks_once(&go_on()).await.unwrap();

    assert_eq!((round.pending, round.completed()), (230, 230));
    assert_eq!(stage.company.effects(), 230);
    assert!(ids.iter().all(|id| app.task(*id).unwrap().status == "completed"));
    let order: Vec<String> = round.reported.iter().map(|task| task.id.to_string()).collect();
    let created: Vec<String> = ids.iter().map(ToString::to_string).collect();
    assert_eq!(order.len(), created.len());
}

#[tokio::test]
async fn a_scheduled_task_waits_for_its_time() {
    let stage = Stage::with(1).await;
    let connector = stage.attach_with(all()).await;
    let later = jiff::Timestamp::now() + jiff::ToSpan::hours(1);
    let id = stage.app().queue(about("suspend_account", 1).execute_after(later));

    assert_eq!(connector.tasks_once(&go_on()).await.unwrap().pending, 0);
    assert_eq!(stage.app().task(id).unwrap().status, "scheduled");

    stage.sandbox.advance(std::time::Duration::from_secs(3601));
    connector.tasks_once(&go_on()).await.unwrap();
    stage.app().assert_task_completed(id);
}

#[tokio::test]
async fn a_report_whose_answer_is_lost_is_settled_without_a_second_effect() {
    let stage = Stage::with(1).await;
    let connector = stage.attach_with(all()).await;
    let id = stage.app().queue(about("suspend_account", 1));
    stage.sandbox.fault(Fault::ending("PATCH", "/status/").times(1).lose_answer());

    let round = connector.tasks_once(&go_on()).await.unwrap();

    assert_eq!((round.completed(), round.unreported), (1, 0));
    stage.app().assert_task_completed(id);
    assert_eq!(stage.company.effects(), 1);
}

#[tokio::test]
async fn a_report_that_does_not_arrive_is_repeated_and_the_effect_is_not() {
    let stage = Stage::with(1).await;
    let connector = stage.attach_with(all()).await;
    let id = stage.app().queue(about("suspend_account", 1));
    stage.sandbox.fault(Fault::ending("PATCH", "/status/").answer(500, "no"));
    assert_eq!(connector.tasks_once(&go_on()).await.unwrap().unreported, 1);

    stage.sandbox.clear_faults();
    let round = connector.tasks_once(&go_on()).await.unwrap();

    assert_eq!((round.pending, round.completed()), (1, 1));
    stage.app().assert_task_completed(id);
    assert_eq!(stage.company.effects(), 1);
}

#[tokio::test]
async fn a_report_that_is_refused_is_sent_again_without_details() {
    let stage = Stage::with(1).await;
    let connector = stage.attach_with(all()).await;
    let id = stage.app().queue(about("suspend_account", 99));
    stage.sandbox.fault(Fault::ending("PATCH", "/status/").times(1).answer(400, "no"));

    connector.tasks_once(&go_on()).await.unwrap();

    stage.app().assert_task_failed(id, "account_not_found");
    let bodies = stage.sandbox.requests().into_iter().filter(|request| request.method == "PATCH").map(|one| one.body);
    let bodies: Vec<Value> = bodies.map(|body| serde_json::from_str(&body).unwrap()).collect();
    assert_eq!(bodies[0]["error"]["message"], "there is no employee 99");
    let short = json!({"code": "account_not_found", "message": "the full report was refused"});
    assert_eq!(bodies[1], json!({"status": "failed", "error": short}));
}

#[tokio::test]
async fn a_password_that_iden_does_not_take_is_no_success() {
    let stage = Stage::with(1).await;
    let connector = stage.attach_with(all()).await;
    let id = stage.app().queue(about("reset_password", 1));
    stage.sandbox.fault(Fault::ending("PATCH", "/status/").holding("correct horse").answer(400, "no"));

    let round = connector.tasks_once(&go_on()).await.unwrap();

    stage.app().assert_task_failed(id, "result_lost");
    assert_eq!((round.failed(), stage.company.effects()), (1, 1));
}

#[tokio::test]
async fn a_refused_report_still_tells_the_id_of_the_new_account() {
    let stage = Stage::with(1).await;
    let connector = stage.attach_with(all()).await;
    let task = NewTask::new("create_account", "employee").account(json!({"email": "new@acme.example"}));
    let id = stage.app().queue(task);
    stage.sandbox.fault(Fault::ending("PATCH", "/status/").times(1).answer(400, "no"));

    connector.tasks_once(&go_on()).await.unwrap();

    assert_eq!(stage.app().task(id).unwrap().result, Some(json!({"id": "2"})));
}

#[tokio::test]
async fn another_reporters_word_is_never_contradicted() {
    #[bridge_task]
    async fn overtaken(cx: TaskContext<Hr>, task: SuspendAccount<Employee>) -> Result<(), TaskError> {
        let _ = task;
        // Somebody else reports the task while it is carried out.
        let report = iden_bridge::wire::TaskReport::failed("by_hand", "an admin did it");
        let (client, app) = cx.admin.lock().unwrap().clone().expect("set by the test");
        client.report_task(app, cx.task.id.parse()?, &report).await?;
        cx.effect();
        Ok(())
    }
    let stage = Stage::with(1).await;
    let connector = stage.attach_with(tasks![overtaken]).await;
    *stage.company.admin.lock().unwrap() = Some((stage.client(), connector.app()));
    let id = stage.app().queue(about("suspend_account", 1));

    let round = connector.tasks_once(&go_on()).await.unwrap();

    assert_eq!(round.conflicts, 1);
    stage.app().assert_task_failed(id, "by_hand");
    assert_eq!(connector.tasks_once(&go_on()).await.unwrap().pending, 0);
}

#[tokio::test]
async fn an_empty_text_in_a_task_is_no_value() {
    #[bridge_task]
    async fn change(cx: TaskContext<Hr>, task: UpdateAccount<Employee>) -> Result<(), TaskError> {
        for change in task.changes() {
            match change {
                AccountChange::Email(Some(email)) => {
                    change_of(&cx, *task.id(), |person| person.email = Some(email))
                        .map_err(BridgeError::into_task_error)?;
                }
                other => return Err(TaskError::unsupported(&other)),
            }
        }
        Ok(())
    }
    #[bridge_task(on_interrupt = fail)]
    async fn hire(_: TaskContext<Hr>, task: CreateAccount<Employee>) -> Result<Created<Employee>, TaskError> {
        let why = || TaskError::fail("no_address", format_args!("only {:?}", task.username()));
        task.email().map(|_| Created::new(7)).ok_or_else(why)
    }
    let stage = Stage::with(1).await;
    let connector = stage.attach_with(tasks![change, hire]).await;
    let emptied = stage.app().queue(about("update_account", 1).changes(json!({"email": ""})));
    let account = json!({"id": "", "email": "", "username": "ann", "status": ""});
    let without = stage.app().queue(NewTask::new("create_account", "employee").account(account));

    connector.tasks_once(&go_on()).await.unwrap();

    stage.app().assert_task_failed(emptied, "unsupported_change");
    assert_eq!(stage.company.people.lock().unwrap()[&1].email, Some("p1@acme.example".into()));
    stage.app().assert_task_failed(without, "no_address");
}

#[tokio::test]
async fn licenses_reach_the_handler_wherever_iden_names_them() {
    #[bridge_task]
    async fn change(cx: TaskContext<Hr>, task: UpdateAccount<Employee>) -> Result<(), TaskError> {
        assert_eq!(task.changes(), []);
        let seats = task.assignments().ok_or_else(|| TaskError::fail("no_licenses", "none came"))?;
        change_of(&cx, *task.id(), |person| person.seats = seats).map_err(BridgeError::into_task_error)
    }
    let stage = Stage::with(5).await;
    let connector = stage.attach_with(tasks![change]).await;
    connector.sync(&go_on()).await.unwrap();
    let update = |number| about("update_account", number);
    let none = json!({"seat": []});
    let tasks = [
        update(1).memberships(none.clone()),
        update(2).assignments(none.clone()),
        update(3).changes(none.clone()),
        update(4).changes(json!({"assignments": none})),
        NewTask::new("update_account", "employee").account(json!({"id": "5", "assignments": none})),
    ];
    let tasks = tasks.map(|task| stage.app().queue(task));
    let unknown = stage.app().queue(update(1).assignments(json!({"desk": ["7"]})));

    connector.tasks_once(&go_on()).await.unwrap();

    tasks.into_iter().for_each(|task| stage.app().assert_task_completed(task));
    assert!(stage.company.people.lock().unwrap().values().all(|person| person.seats.is_empty()));
    stage.app().assert_task_failed(unknown, "invalid_payload");
    // Iden ordered these losses, so nobody has to approve them.
    assert!(connector.sync(&go_on()).await.unwrap().completed);
}

#[tokio::test]
async fn a_handler_and_its_verify_know_the_times_of_the_task() {
    #[bridge_task(verify = hired, timeout = "1s")]
    async fn hire(cx: TaskContext<Hr>, _task: CreateAccount<Employee>) -> Result<Created<Employee>, TaskError> {
        assert!(cx.task.created_at.is_some() && cx.task.execute_after.is_none());
        let started = cx.task.started_at.expect("the engine has written it down");
        *cx.times.lock().unwrap() = vec![started];
        Err(TaskError::unknown("the connection broke"))
    }
    async fn hired(cx: &TaskContext<Hr>, _: &CreateAccount<Employee>) -> Result<Probe<Created<Employee>>, TaskError> {
        cx.times.lock().unwrap().extend(cx.task.started_at);
        Ok(Probe::Applied(Created::new(7)))
    }
    let stage = Stage::with(1).await;
    let connector = stage.attach_with(tasks![hire]).await;
    let task = NewTask::new("create_account", "employee").account(json!({"email": "new@acme.example"}));
    let task = stage.app().queue(task);

    connector.tasks_once(&go_on()).await.unwrap();

    stage.app().assert_task_completed(task);
    let times = stage.company.times.lock().unwrap().clone();
    assert_eq!((times.len(), times[0]), (2, times[1]));
}
