//! A connector that is killed (SIGKILL) at each step of a task, and the next one on the same state directory. What was done
//! is counted in a database that both have; what Iden was told is what the sandbox shows.

use bridge_sandbox::Fault;

use crate::{
    child_process::FOR_GOOD,
    task_child::{Orders, Scene, about, end_of, told_password},
    task_world::{Halt, Looks},
};

/// Where the child is killed.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Moment {
    /// While it looks at the task, before its handler is called.
    BeforeTheStart,
    /// In the handler.
    BeforeTheEffect,
    /// In the handler.
    AfterTheEffect,
    /// With a report on its way, which never arrives.
    Reporting,
    /// After a report that arrived and whose answer did not, while it asks what became of it.
    Reported,
}

use Moment::{AfterTheEffect, BeforeTheEffect, BeforeTheStart, Reported, Reporting};

impl Moment {
    fn halt(self) -> Option<Halt> {
        match self {
            BeforeTheStart | Reporting => None,
            BeforeTheEffect => Some(Halt::BeforeTheEffect),
            // A report that is to get lost is prepared for while the handler waits.
            AfterTheEffect | Reported => Some(Halt::AfterTheEffect),
        }
    }

    /// How often the effect is there at this moment.
    fn effects(self) -> usize {
        usize::from(![BeforeTheStart, BeforeTheEffect].contains(&self))
    }
}

/// Killed there; how often the effect is there in the end; what Iden is told in the end.
type Row = (Moment, usize, &'static str);

/// One task, one child that is killed in it, and the next connector.
async fn live_through(action: &str, number: u32, (moment, effects, end): Row) -> Scene {
    let scene = Scene::of((action != "create_account").then_some(number)).await;
    let task = scene.app().queue(about(action, number));
    let sandbox = &scene.stage.sandbox;
    let hold = |method: &str, path: &str| sandbox.fault(Fault::on(method, path).delay(FOR_GOOD));
    let (itself, status) = (format!("/tasks/{task}/"), format!("/tasks/{task}/status/"));
    match moment {
        BeforeTheStart => hold("GET", &itself),
        Reporting => hold("PATCH", &status),
        _ => {}
    }
    let mut child = scene.child(&Orders { halt: moment.halt(), ..Orders::default() });
    if let Some(halt) = moment.halt() {
        child.says(halt.says()).await;
    }
    match moment {
        BeforeTheStart => child.until("it looks at the task", || !scene.calls(task).is_empty()).await,
        BeforeTheEffect | AfterTheEffect => {}
        Reporting => {
            let reports = || scene.calls(task).iter().any(|call| call.method == "PATCH");
            child.until("it reports", reports).await;
        }
        Reported => {
            let before = scene.calls(task).len();
            sandbox.fault(Fault::on("PATCH", &status).times(1).lose_answer());
            hold("*", &itself);
            child.go_on().await;
            child.until("it asks after its report", || scene.calls(task).len() >= before + 2).await;
        }
    }
    child.kill().await;
    let then = scene.app().task(task).unwrap().status;
    assert_eq!(scene.effects(task).len(), moment.effects(), "{moment:?}: not where it was to be killed");
    assert_eq!(then == "completed", moment == Reported, "{moment:?}: not where it was to be killed");
    sandbox.clear_faults();

    scene.next_connector_ends_it().await;

    let over = scene.app().task(task).unwrap();
    assert_eq!((scene.effects(task).len(), end_of(&over).as_str()), (effects, end), "{moment:?}");
    assert_eq!(scene.world.effects().len(), effects, "{moment:?}: each has the task's own key");
    assert_eq!(scene.world.accounts(number).len(), 1, "{moment:?}");
    scene.assert_nothing_is_contradicted();
    scene
}

#[tokio::test]
async fn an_idempotent_task_is_done_wherever_its_process_was_killed() {
    for row in [
        (BeforeTheStart, 1, "completed"),
        (BeforeTheEffect, 1, "completed"),
        (AfterTheEffect, 2, "completed"),
        (Reporting, 1, "completed"),
        (Reported, 1, "completed"),
    ] {
        let scene = live_through("suspend_account", 1, row).await;
        let suspended = Looks { status: "suspended".into(), ..Looks::default() };
        assert_eq!(scene.world.accounts(1), [suspended], "twice is the same as once");
    }
}

#[tokio::test]
async fn an_account_is_made_once_wherever_its_process_was_killed() {
    for moment in [BeforeTheStart, BeforeTheEffect, AfterTheEffect, Reporting, Reported] {
        let scene = live_through("create_account", 7, (moment, 1, "completed")).await;
        let result = scene.app().tasks()[0].result.clone();
        assert_eq!(result.unwrap()["id"], "7", "{moment:?}: found or made, its id is told");
    }
}

#[tokio::test]
async fn what_may_be_done_once_is_never_tried_again_and_said_to_be_unknown() {
    for row in [
        (BeforeTheStart, 1, "completed"),
        (BeforeTheEffect, 0, "outcome_unknown"),
        (AfterTheEffect, 1, "outcome_unknown"),
        (Reporting, 1, "completed"),
        (Reported, 1, "completed"),
    ] {
        live_through("reset_password", 1, row).await;
    }
}

#[tokio::test]
async fn a_password_dies_with_its_process_and_iden_is_told_unless_it_has_it() {
    for row in [
        (BeforeTheStart, 1, "completed"),
        (BeforeTheEffect, 0, "outcome_unknown"),
        (AfterTheEffect, 1, "outcome_unknown"),
        (Reporting, 1, "result_lost"),
        (Reported, 1, "completed"),
    ] {
        let scene = live_through("reset_password", 2, row).await;
        assert_eq!(told_password(&scene.app().tasks()[0]), row.2 == "completed", "{:?}", row.0);
    }
}
