//! What must not happen twice, be forgotten, or look complete: regressions of the review of issue 2.

use crate::{
    company::{Employee, Hr, Mood, Stage, go_on},
    trouble::begin_and_be_killed,
};
use bridge_sandbox::{Fault, NewTask};
use iden_bridge::{Tasks, prelude::*};
use serde_json::json;

#[bridge_task]
async fn reset(cx: TaskContext<Hr>, _task: ResetPassword<Employee>) -> Result<NewPassword, TaskError> {
    cx.effect();
    tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    Ok(NewPassword::temporary(Secret::new("hunter2-secret")))
}
fn all() -> Tasks<Hr> {
    tasks![reset]
}
fn about(n: u32) -> NewTask {
    NewTask::new("reset_password", "employee").account(json!({"id": n.to_string()}))
}

#[tokio::test]
async fn a_report_that_meets_a_page_of_something_in_between_is_repeated_and_the_effect_is_not() {
    let stage = Stage::with(1).await;
    let c = stage.attach_with(all()).await;
    stage.app().queue(about(1));
    stage.sandbox.fault(Fault::ending("PATCH", "/status/").times(1).answer_raw(
        404,
        "text/html",
        "<html>deploying</html>",
    ));
    let r1 = c.tasks_once(&go_on()).await.unwrap();
    let r2 = c.tasks_once(&go_on()).await.unwrap();
    assert_eq!((r1.unreported, r2.completed(), stage.company.effects()), (1, 1, 1));
}

#[tokio::test]
async fn a_task_that_still_shows_as_pending_is_reported_again_and_not_run_again() {
    let stage = Stage::with(1).await;
    let c = stage.attach_with(all()).await;
    let id = stage.app().queue(about(1));
    let stale = json!({"id": id.to_string(), "action":"reset_password","resource_type":"employee","status":"pending","created_at":"2026-01-01T00:00:00Z","payload":{"account":{"id":"1"}}}).to_string();
    stage.sandbox.fault(Fault::ending("PATCH", "/status/").times(1).answer_raw(200, "application/json", &stale));
    let r1 = c.tasks_once(&go_on()).await.unwrap();
    let r2 = c.tasks_once(&go_on()).await.unwrap();
    assert_eq!((r1.unreported, r2.completed(), stage.company.effects()), (1, 1, 1));
}

#[tokio::test]
async fn two_rounds_at_once_take_turns() {
    let stage = Stage::with(1).await;
    let c = stage.attach_with(all()).await;
    stage.app().queue(about(1));
    let s = go_on();
    let (r1, r2) = tokio::join!(c.tasks_once(&s), c.tasks_once(&s));
    let (r1, r2) = (r1.unwrap(), r2.unwrap());
    assert_eq!((r1.completed() + r2.completed(), r1.failed() + r2.failed(), stage.company.effects()), (1, 0, 1));
}

#[tokio::test]
async fn a_begun_task_that_is_not_listed_once_is_not_forgotten() {
    let stage = Stage::with(1).await;
    let state = stage.attach_with(all()).await.state().to_owned();
    let id = stage.app().queue(about(1));
    begin_and_be_killed(&state, id, "reset_password", None).await;
    let c = stage.attach_with(all()).await;
    stage.sandbox.fault(Fault::ending("GET", "/tasks/").times(1).answer_raw(
        200,
        "application/json",
        r#"{"count":0,"next":null,"previous":null,"results":[]}"#,
    ));
    let r1 = c.tasks_once(&go_on()).await.unwrap();
    let r2 = c.tasks_once(&go_on()).await.unwrap();
    assert_eq!((r1.pending, r1.failed() + r2.failed(), stage.company.effects()), (0, 1, 0));
    stage.app().assert_task_failed(id, "outcome_unknown");
}

#[tokio::test]
async fn a_task_that_cannot_be_read_keeps_no_other_waiting() {
    let stage = Stage::with(2).await;
    let c = stage.attach_with(all()).await;
    let id = stage.app().queue(about(1));
    stage.app().queue(about(2));
    stage.sandbox.fault(Fault::ending("GET", &format!("/tasks/{id}/")).answer(500, "no"));
    let r1 = c.tasks_once(&go_on()).await;
    let r1 = r1.unwrap();
    assert_eq!((r1.completed(), r1.waiting, stage.company.effects()), (1, 1, 1));
}

#[tokio::test]
async fn what_a_killed_process_pushed_counts_for_what_iden_holds() {
    let stage = Stage::with(600).await;
    let c = stage.attach().await;
    *stage.company.mood.lock().unwrap() = Mood::HangsAfter(450);
    // killed: the future is dropped
    let _ = tokio::time::timeout(std::time::Duration::from_millis(1500), c.sync(&go_on())).await;
    let held = stage.app().active("employee");
    drop(c);
    *stage.company.mood.lock().unwrap() = Mood::Well;
    stage.company.people.lock().unwrap().clear();
    let c = stage.attach().await;
    let r = c.sync(&go_on()).await;
    assert_eq!(iden_bridge::Exit::of(&r.unwrap_err()), iden_bridge::Exit::Held);
    assert!(held > 0);
    assert_eq!(stage.app().active("employee"), held);
}

struct Sloppy;
impl Source<crate::company::Team> for Sloppy {
    async fn read(&self, out: &Out<crate::company::Team>) -> Result<(), SourceError> {
        let mut pages = Pages::starting(0u32);
        while let Some(at) = pages.next() {
            if at == 1 {
                tokio::task::yield_now().await;
                continue;
            } // an empty page, and the turn is forgotten
            out.push(crate::company::Team { id: format!("t{at}"), name: "x".into() }).await;
            pages.turn((at < 5).then_some(at + 1))?;
        }
        Ok(())
    }
}
#[tokio::test]
async fn a_page_that_is_not_turned_is_not_the_end() {
    let r = tokio::time::timeout(
        std::time::Duration::from_secs(2),
        iden_bridge::testing::read::<crate::company::Team>(&Sloppy),
    )
    .await;
    assert!(r.is_err(), "it goes on for ever, and does not end early: {r:?}");
}

struct Selecting;
impl Source<crate::company::Team> for Selecting {
    async fn read(&self, out: &Out<crate::company::Team>) -> Result<(), SourceError> {
        for n in 0..400 {
            let _ = tokio::time::timeout(
                std::time::Duration::ZERO,
                out.push(crate::company::Team { id: format!("t{n}"), name: "x".into() }),
            )
            .await;
        }
        Ok(())
    }
}
#[tokio::test]
async fn a_push_that_is_dropped_is_no_full_read() {
    let stage = Stage::with(1).await;
    let c =
        iden_bridge::connector::Connector::builder("S", |_: NoSettings| async { Ok::<_, std::io::Error>(Selecting) })
            .resource::<crate::company::Team>()
            .build()
            .unwrap();
    let c = c.attach(&stage.target(), json!({})).await.unwrap();
    let error = c.sync(&go_on()).await.unwrap_err();
    assert!(error.to_string().contains("a push was dropped"), "{error}");
}

#[tokio::test]
async fn a_completion_that_cannot_be_made_sure_of_is_said_to_be_so() {
    let stage = Stage::with(5).await;
    let c = stage.attach().await;
    stage.sandbox.fault(Fault::ending("POST", "/complete/").times(1).lose_answer());
    let s = r#"{"sync_id":"0b9e6a5c-3f0e-4d53-9b52-0d2f6f1f4a11","status":"completing","progress":[]}"#;
    // third progress read
    let r = {
        stage.sandbox.fault(Fault::on("GET", "/sync/").after(2).answer_raw(200, "application/json", s));
        c.sync(&go_on()).await
    };
    let error = r.unwrap_err();
    assert!(error.to_string().contains("whether it was is not known"), "{error}");
    assert_eq!(stage.app().sessions().last().unwrap().status, "completed");
}

#[tokio::test]
async fn apps_whose_names_look_alike_keep_apart() {
    let stage = Stage::with(5).await;
    let open = |_: NoSettings| async { Ok::<_, std::io::Error>(Hr(crate::company::Company::of(3))) };
    let mk = |n: &str| {
        iden_bridge::connector::Connector::builder(n, open)
            .resource::<Employee>()
            .resource::<crate::company::Team>()
            .resource::<crate::company::Seat>()
            .build()
            .unwrap()
    };
    let a = mk("人事").attach(&stage.target(), json!({})).await.unwrap();
    a.sync(&go_on()).await.unwrap();
    let aid = a.app();
    drop(a);
    let b = mk("財務").attach(&stage.target(), json!({})).await.unwrap();
    let long = mk(&"x".repeat(250)).attach(&stage.target(), json!({})).await.map(|_| ()).map_err(|e| e.to_string());
    assert_ne!(aid, b.app());
    long.unwrap();
}
