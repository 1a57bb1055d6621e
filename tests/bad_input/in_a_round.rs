//! What a round of tasks makes of an answer. Whatever it is, a task is carried out once, and told of in the end.

use std::sync::Arc;

use bridge_sandbox::NewTask;
use iden_bridge::{Exit, Tasks, prelude::*};
use serde_json::json;

use crate::{
    company::{Employee, Employment, Hr, Stage, go_on},
    corpus::cases,
    meddler::{Meddler, Rule},
    side_by_side::{run, told},
};

#[derive(serde::Deserialize, Clone)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    answer: Rule,
    exit: String,
    /// How often the task is carried out in the round with this answer.
    effects: usize,
    /// What the server says of the task after that round.
    task: String,
    #[serde(default)]
    says: Vec<String>,
}

#[bridge_task]
async fn suspend(cx: TaskContext<Hr>, task: SuspendAccount<Employee>) -> Result<(), TaskError> {
    cx.people.lock().unwrap().get_mut(task.id()).unwrap().status = Employment::OnLeave;
    cx.effect();
    Ok(())
}

fn all() -> Tasks<Hr> {
    tasks![suspend]
}

async fn check(case: Case) -> Result<(), String> {
    let stage = Stage::with(3).await;
    let meddler = Meddler::before(&stage);
    let target = stage.target().transport(Arc::clone(&meddler) as _);
    let connector = stage.connector_with(all()).attach(&target, json!({})).await.unwrap();
    connector.sync(&go_on()).await.unwrap();
    let task = stage.app().queue(NewTask::new("suspend_account", "employee").account(json!({"id": "2"})));

    meddler.begin(case.answer);
    let ended = connector.tasks_once(&go_on()).await;
    if !meddler.end() {
        return Err("the answer was never given".into());
    }

    let told_of = ended.as_ref().map_or_else(ToString::to_string, |_| String::new());
    let exit = ended.map_or_else(|error| Exit::of(&error), |_| Exit::Done);
    let status = stage.app().task(task).unwrap().status;
    let came = (format!("{exit:?}"), stage.company.effects(), status);
    let expected = (case.exit, case.effects, case.task);
    if came != expected {
        return Err(told(&format!("{expected:?} expected, {came:?} came: {told_of}")));
    }
    if let Some(part) = case.says.iter().find(|part| !told_of.contains(*part)) {
        return Err(told(&format!("`{part}` is missing: {told_of}")));
    }
    // A report that did not arrive is sent again, at the latest by the rounds that follow.
    for _ in 0..3 {
        connector.tasks_once(&go_on()).await.map_err(|error| format!("the next round: {error}"))?;
    }
    let view = stage.app().task(task).unwrap();
    if (stage.company.effects(), view.status.as_str()) != (1, "completed") {
        return Err(format!("in the end: {} effects, {view:?}", stage.company.effects()));
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_answer_ends_a_round_as_the_corpus_says() {
    let cases = cases::<Case>("tasks", 29).into_iter().map(|case| (case.name.clone(), case)).collect();
    run(cases, check).await;
}
