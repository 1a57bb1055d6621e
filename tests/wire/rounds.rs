//! Rounds of tasks over a wire that breaks at any request.

use bridge_sandbox::NewTask;
use iden_bridge::{Tasks, prelude::*};
use serde_json::json;

use crate::{
    company::{Employee, Employment, Hr, Stage, go_on},
    fault::Fault,
    proxy::{Proxy, Rule},
    side_by_side::run,
    syncs::{FAULTS, target},
};

/// How many requests a round makes.
const REQUESTS: usize = 4;

#[bridge_task]
async fn suspend(cx: TaskContext<Hr>, task: SuspendAccount<Employee>) -> Result<(), TaskError> {
    cx.people.lock().unwrap().get_mut(task.id()).unwrap().status = Employment::OnLeave;
    cx.effect();
    Ok(())
}

fn all() -> Tasks<Hr> {
    tasks![suspend]
}

async fn check((fault, at, times): (Fault, usize, usize)) -> Result<(), String> {
    let stage = Stage::with(4).await;
    let proxy = Proxy::before(stage.sandbox.address()).await;
    let connector = stage.connector_with(all()).attach(&target(&stage, &proxy), json!({})).await.unwrap();
    connector.sync(&go_on()).await.unwrap();
    let queue = |number: u32| {
        stage.app().queue(NewTask::new("suspend_account", "employee").account(json!({"id": number.to_string()})))
    };
    let tasks = [1, 2, 3].map(queue);
    proxy.begin(Rule { method: "*", end: "/", after: at, times, fault });
    // Whether it ends well depends on where the wire breaks.
    let _ = connector.tasks_once(&go_on()).await;
    proxy.end();
    if proxy.seen().len() <= at {
        return Err(format!("it never happened: {:?}", proxy.seen()));
    }
    if stage.company.effects() > 3 {
        return Err(format!("{} effects in one round", stage.company.effects()));
    }
    for _ in 0..3 {
        connector.tasks_once(&go_on()).await.map_err(|error| format!("the next round: {error}"))?;
    }
    for task in tasks {
        stage.app().assert_task_completed(task);
    }
    match stage.company.effects() {
        3 => Ok(()),
        effects => Err(format!("{effects} effects of 3 tasks")),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wire_that_breaks_at_any_request_of_a_round_does_nothing_twice() {
    let cases = FAULTS.iter().flat_map(|(name, fault)| {
        (0..REQUESTS).flat_map(move |at| {
            let once = (format!("{name}, at request {at}"), (*fault, at, 1));
            [once, (format!("{name}, from request {at} on"), (*fault, at, usize::MAX))]
        })
    });
    run(cases.collect(), check).await;
}
