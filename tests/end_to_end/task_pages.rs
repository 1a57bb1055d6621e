//! Many pages of tasks, which shrink while they are read: somebody else reports tasks as well, and so does the connector.
//! None is skipped, and none is done twice.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use bridge_sandbox::{Fault, RequestView};
use iden_bridge::{
    client::Client,
    connector::{Attached, Schedule},
    prelude::*,
    wire::{AppId, TaskReport},
};
use uuid::Uuid;

use crate::{
    company::{Employee, Hr, Stage, go_on},
    tasks::about,
};

/// Done at once, and noted.
#[bridge_task]
async fn suspend(cx: TaskContext<Hr>, _task: SuspendAccount<Employee>) -> Result<(), TaskError> {
    cx.carried_out.lock().unwrap().push(cx.task.id.parse()?);
    Ok(())
}

struct Scene {
    stage: Stage,
    connector: Attached<Hr>,
    tasks: Vec<Uuid>,
}

impl Scene {
    async fn of(tasks: u32) -> Self {
        let stage = Stage::with(1).await;
        let connector = stage.attach_with(tasks![suspend]).await;
        let app = stage.app();
        let tasks = (1..=tasks).map(|number| app.queue(about("suspend_account", number))).collect();
        Scene { stage, connector, tasks }
    }

    fn somebody_else(&self) -> Somebody {
        Somebody { client: self.stage.client(), app: self.connector.app(), taken: HashSet::new() }
    }

    /// Each task was done once: by its handler, or by somebody. Both only where the connector had looked at the task
    /// before somebody reported it, and was about to do it.
    #[track_caller]
    fn assert_each_was_done_once(&self, somebody: &Somebody, log: &[RequestView]) {
        let mut times: HashMap<Uuid, usize> = HashMap::new();
        for task in self.stage.company.carried_out.lock().unwrap().iter() {
            *times.entry(*task).or_default() += 1;
        }
        let mut looked_at: HashSet<&str> = HashSet::new();
        let mut taken_before_a_look: HashSet<&str> = HashSet::new();
        for request in log {
            let Some((_, rest)) = request.path.split_once("/tasks/") else { continue };
            let task = rest.split('/').next().unwrap_or_default();
            if request.method == "GET" {
                looked_at.insert(task);
            } else if request.body.contains(BY_HAND) && !looked_at.contains(task) {
                taken_before_a_look.insert(task);
            }
        }
        for task in self.stage.app().tasks() {
            let times = times.get(&task.id).copied().unwrap_or_default();
            assert!(times <= 1, "carried out {times} times: {task:?}");
            if somebody.taken.contains(&task.id) {
                assert_eq!(task.status, "failed");
                let known = taken_before_a_look.contains(task.id.to_string().as_str());
                assert!(times == 0 || !known, "carried out after somebody had reported it: {task:?}");
            } else {
                assert_eq!((times, task.status.as_str()), (1, "completed"), "skipped: {task:?}");
            }
        }
    }
}

/// Long, for a busy machine.
const PATIENCE: Duration = Duration::from_secs(300);
/// The code of somebody's reports.
const BY_HAND: &str = "by_hand";

/// Somebody else with the key, who reports tasks as well.
struct Somebody {
    client: Client,
    app: AppId,
    /// Those whose reports were taken.
    taken: HashSet<Uuid>,
}

impl Somebody {
    async fn reports(&mut self, task: Uuid) {
        let report = TaskReport::failed(BY_HAND, "somebody looked into it");
        match self.client.report_task(self.app, task.into(), &report).await {
            Ok(_) => {
                self.taken.insert(task);
            }
            // The connector was there before.
            Err(error) if error.is_conflict() => {}
            Err(error) => panic!("{error}"),
        }
    }
}

fn is_page(request: &RequestView) -> bool {
    request.method == "GET" && request.path.contains("/tasks/?")
}

#[tokio::test]
async fn one_round_misses_none_while_the_list_shrinks_under_it() {
    let scene = Scene::of(1_000).await;
    let sandbox = &scene.stage.sandbox;
    // Time for somebody to report the first tasks of the list before each page, so that all others move up.
    sandbox.fault(Fault::on("GET", "/tasks/?").times(20).delay(Duration::from_millis(10)));
    let (mut somebody, stop) = (scene.somebody_else(), go_on());
    let reports = async {
        for task in &scene.tasks[..300] {
            somebody.reports(*task).await;
        }
    };

    let (round, ()) = tokio::join!(scene.connector.tasks_once(&stop), reports);

    let log = sandbox.requests();
    scene.assert_each_was_done_once(&somebody, &log);
    assert_eq!(round.unwrap().completed(), 1_000 - somebody.taken.len());
    let pages: Vec<usize> = (0..log.len()).filter(|position| is_page(&log[*position])).collect();
    let shrunk = pages.windows(2).filter(|pair| log[pair[0]..pair[1]].iter().any(|call| call.body.contains(BY_HAND)));
    assert!(shrunk.count() >= 5, "the list has not shrunk while it was read");
}

#[tokio::test]
async fn thousands_of_tasks_are_drained_by_two_and_none_is_skipped_or_done_twice() {
    let scene = Scene::of(5_000).await;
    let (app, sandbox) = (scene.stage.app(), &scene.stage.sandbox);
    let mut somebody = scene.somebody_else();
    let mut log = Vec::new();
    // The sandbox keeps the last 10,000 requests. Nothing is awaited here, so that none gets lost.
    let mut note = || {
        log.extend(sandbox.requests());
        sandbox.clear_requests();
    };
    let drained = async {
        for (position, task) in scene.tasks.iter().rev().step_by(3).enumerate() {
            somebody.reports(*task).await;
            if position % 100 == 0 {
                note();
            }
            // The two have met: the rest is done.
            if position > somebody.taken.len() + 50 {
                break;
            }
        }
        for (position, task) in scene.tasks.iter().enumerate() {
            app.wait_until_task_done(*task, PATIENCE).await;
            if position % 100 == 0 {
                note();
            }
        }
        note();
    };
    // 50 ms on the hasty clock.
    let often = Schedule::default().without_syncs().poll_every(Duration::from_secs(1), Duration::from_secs(1));

    let stop = go_on();
    let mut running = Box::pin(scene.connector.run(&often, &stop));
    tokio::select! {
        ended = &mut running => panic!("it ends by itself: {ended:?}"),
        drained = tokio::time::timeout(PATIENCE, drained) => drained.expect("all tasks come to an end"),
    }
    stop.cancel();
    tokio::time::timeout(PATIENCE, running).await.expect("it stops").unwrap();

    scene.assert_each_was_done_once(&somebody, &log);
    assert!(somebody.taken.len() > 100, "somebody took part");
}

#[tokio::test]
async fn a_report_that_did_not_arrive_is_sent_again_however_many_tasks_wait() {
    let scene = Scene::of(1_500).await;
    let (app, sandbox) = (scene.stage.app(), &scene.stage.sandbox);
    let (first, later) = (scene.tasks[0], scene.tasks[400]);
    sandbox.fault(Fault::ending("PATCH", &format!("/tasks/{first}/status/")).times(1).answer(409, "not now"));

    let often = Schedule::default().without_syncs().poll_every(Duration::from_secs(1), Duration::from_secs(1));
    let stop = go_on();
    let mut running = Box::pin(scene.connector.run(&often, &stop));
    tokio::select! {
        ended = &mut running => panic!("it ends by itself: {ended:?}"),
        _ = app.wait_until_task_done(later, PATIENCE) => {}
    }
    app.assert_task_completed(first);
    stop.cancel();
    tokio::time::timeout(PATIENCE, running).await.expect("it stops").unwrap();
}
