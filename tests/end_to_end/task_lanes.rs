//! One task of an account at a time, in the server's order; eight accounts at a time. The handlers wait for the test, which
//! lets one go at a time: what the engine then does is seen without a look at the clock.

use std::collections::{BTreeMap, VecDeque};

use bridge_sandbox::{NewTask, TaskView};
use iden_bridge::{
    random::{Random, SystemRandom},
    tasks::RoundReport,
};
use jiff::{Timestamp, ToSpan};
use serde_json::json;
use uuid::Uuid;

use crate::{
    company::{Stage, go_on},
    task_child::{about, in_server_order},
    task_floor::{Event, Floor, tasks},
};

/// How many handlers run at once.
const AT_ONCE: usize = 8;

struct Scene {
    stage: Stage,
    floor: Floor,
    connector: iden_bridge::connector::Attached<Floor>,
}

impl Scene {
    async fn new() -> Self {
        let (stage, floor) = (Stage::with(0).await, Floor::default());
        let connector = floor.attach(&stage, tasks()).await;
        Scene { stage, floor, connector }
    }

    fn queue(&self, task: NewTask) -> Uuid {
        self.stage.app().queue(task)
    }

    /// One round, with `body` beside it.
    async fn round_with(&self, body: impl Future<Output = ()>) -> RoundReport {
        let stop = go_on();
        let (round, ()) = tokio::join!(self.connector.tasks_once(&stop), body);
        round.unwrap()
    }

    /// Lets the engine get on, for as long as many calls take: whatever it could begin, it has begun then.
    async fn let_it_settle(&self) {
        let client = self.stage.client();
        for _ in 0..30 {
            client.pending_tasks(self.connector.app(), 1, 0).await.unwrap();
        }
    }

    async fn is_done(&self, task: Uuid) {
        self.stage.app().wait_until_task_done(task, std::time::Duration::from_secs(60)).await;
    }

    #[track_caller]
    fn assert_untouched(&self, task: Uuid) {
        assert_eq!(self.stage.app().task(task).unwrap().status, "pending");
        assert!(!self.floor.begun().contains(&task), "its handler was called");
    }
}

fn number_of(task: &TaskView) -> u32 {
    task.payload["account"]["id"].as_str().unwrap().parse().unwrap()
}

/// A new first name.
fn rename(number: u32, name: &str) -> NewTask {
    about("update_account", number).changes(json!({"first_name": name}))
}

/// A thousand tasks of a hundred accounts: many made at the same instant, many put off, in no order. Number 1 has more than
/// the others, and the first ones: whoever takes the tasks as they come has nothing else to do at first.
fn queue_a_thousand(scene: &Scene, chance: &SystemRandom) {
    let made = Timestamp::now() - 1.hour();
    let below = |bound: u32| (chance.unit() * f64::from(bound)) as u32;
    for position in 0..1_000 {
        let number = if position % 20 == 0 { 1 } else { 1 + below(100) };
        let minute = |base: u32| made + i64::from(if number == 1 { 0 } else { base + below(10) }).minutes();
        let action = ["suspend_account", "unsuspend_account", "delete_account"][position % 3];
        let mut task = about(action, number).created_at(minute(0));
        if below(3) == 0 {
            // Due when the server's clock has been moved forward; until then it is not listed.
            task = task.execute_after(minute(90));
        }
        scene.queue(task);
    }
    scene.stage.sandbox.advance(std::time::Duration::from_secs(3600));
}

#[tokio::test]
async fn eight_accounts_are_worked_on_at_once_each_in_the_servers_order_and_none_is_idle() {
    let (scene, chance) = (Scene::new().await, SystemRandom::seeded(1));
    queue_a_thousand(&scene, &chance);
    let mut left: BTreeMap<u32, VecDeque<Uuid>> = BTreeMap::new();
    let ordered = in_server_order(scene.stage.app().tasks());
    for task in &ordered {
        left.entry(number_of(task)).or_default().push_back(task.id);
    }
    assert_eq!(left.len(), 100);
    scene.floor.hold_everybody();
    let floor = &scene.floor;
    let one_by_one = async {
        let mut last = None;
        for step in 0.. {
            // Eight, or everybody who has something to do.
            let count = left.len().min(AT_ONCE);
            floor.comes_to_run(count, last).await;
            if step % 100 == 0 {
                scene.let_it_settle().await;
                assert_eq!(floor.running().len(), count, "no more than that");
            }
            if left.is_empty() {
                break;
            }
            let running: Vec<(Uuid, u32)> = floor.running().into_iter().collect();
            for (task, number) in &running {
                assert_eq!(left[number].front(), Some(task), "the next one of account {number}");
            }
            let (task, number) = running[(chance.unit() * running.len() as f64) as usize];
            left.get_mut(&number).unwrap().pop_front();
            left.retain(|_, tasks| !tasks.is_empty());
            last = Some(task);
            floor.let_go(task);
        }
    };

    let round = scene.round_with(one_by_one).await;

    assert_eq!((round.pending, round.completed(), round.failed()), (1_000, 1_000, 0));
    assert!(scene.stage.app().tasks().iter().all(|task| task.status == "completed"));
    assert_lanes(&floor.events(), &ordered);
}

/// The whole course of it, of which a look now and then sees only parts.
#[track_caller]
fn assert_lanes(events: &[Event], ordered: &[TaskView]) {
    let number_of: BTreeMap<Uuid, u32> = ordered.iter().map(|task| (task.id, number_of(task))).collect();
    let (mut running, mut most) = (BTreeMap::new(), 0);
    let mut begun: BTreeMap<u32, Vec<Uuid>> = BTreeMap::new();
    for event in events {
        match event {
            Event::Began(task) => {
                let number = number_of[task];
                assert_eq!(running.insert(number, task), None, "two of account {number} at once");
                begun.entry(number).or_default().push(*task);
                most = most.max(running.len());
            }
            Event::Ended(task) => assert_eq!(running.remove(&number_of[task]), Some(task)),
        }
    }
    assert_eq!(most, AT_ONCE);
    for (number, begun) in begun {
        let order = ordered.iter().filter(|task| number_of[&task.id] == number).map(|task| task.id);
        assert_eq!(begun, order.collect::<Vec<_>>(), "account {number}");
    }
}

#[tokio::test]
async fn a_task_that_hangs_delays_nobody_but_its_own_account() {
    let scene = Scene::new().await;
    let hanging = scene.queue(about("suspend_account", 1));
    let behind_it = scene.queue(about("unsuspend_account", 1));
    let others: Vec<Uuid> = (2..40).map(|number| scene.queue(about("suspend_account", number))).collect();
    scene.floor.hold([hanging]);

    let round = scene
        .round_with(async {
            for other in others {
                scene.is_done(other).await;
            }
            assert_eq!(scene.floor.running().into_keys().collect::<Vec<_>>(), [hanging]);
            scene.assert_untouched(behind_it);
            scene.floor.let_go(hanging);
        })
        .await;

    assert_eq!(round.completed(), 40);
}

#[tokio::test]
async fn tasks_that_are_tried_again_and_again_delay_nobody_but_their_own_accounts() {
    let scene = Scene::new().await;
    // More than there are places.
    let busy: Vec<Uuid> = (1..=20).map(|number| scene.queue(rename(number, "busy"))).collect();
    let behind_them: Vec<Uuid> = (1..=20).map(|number| scene.queue(rename(number, "Ada"))).collect();
    let others: Vec<Uuid> = (21..40).map(|number| scene.queue(about("suspend_account", number))).collect();

    let stop = go_on();
    tokio::select! {
        biased;
        () = async { for other in &others { scene.is_done(*other).await; } } => {}
        round = scene.connector.tasks_once(&stop) => drop(round.unwrap()),
    }

    for other in others {
        scene.stage.app().assert_task_completed(other);
    }
    behind_them.into_iter().for_each(|task| scene.assert_untouched(task));
    assert!(busy.iter().all(|task| scene.stage.app().task(*task).unwrap().status == "pending"));
}

/// Somebody new, with the number 9, whom nobody knows until the handler says so.
fn hire(account: serde_json::Value) -> NewTask {
    NewTask::new("create_account", "person").account(account)
}

#[tokio::test]
async fn what_is_to_be_done_with_somebody_new_waits_until_that_person_is_there() {
    let scene = Scene::new().await;
    let hired = scene.queue(hire(json!({"email": "p9@acme.example", "first_name": "Ada"})));
    let renamed = scene.queue(rename(9, "Grace"));
    let suspended = scene.queue(about("suspend_account", 9));
    let others = [1, 2, 3].map(|number| scene.queue(about("suspend_account", number)));
    scene.floor.hold([hired]);

    let round = scene
        .round_with(async {
            // They come after it, and are done before it.
            for other in others {
                scene.is_done(other).await;
            }
            scene.assert_untouched(renamed);
            scene.assert_untouched(suspended);
            scene.floor.let_go(hired);
        })
        .await;

    assert_eq!(round.completed(), 6);
    let own = scene.floor.events().into_iter().filter(|event| {
        let (Event::Began(task) | Event::Ended(task)) = event;
        [hired, renamed, suspended].contains(task)
    });
    let expected = [hired, renamed, suspended].map(|task| [Event::Began(task), Event::Ended(task)]);
    assert_eq!(own.collect::<Vec<_>>(), expected.concat());
}

#[tokio::test]
async fn an_address_in_capitals_is_the_same_person() {
    let scene = Scene::new().await;
    let hired = scene.queue(hire(json!({"email": "P9@ACME.example", "first_name": "Ada"})));
    let renamed = scene.queue(rename(9, "Grace"));
    let other = scene.queue(about("suspend_account", 1));
    scene.floor.hold([hired]);

    let round = scene
        .round_with(async {
            scene.is_done(other).await;
            scene.assert_untouched(renamed);
            scene.floor.let_go(hired);
        })
        .await;

    assert_eq!((round.completed(), scene.floor.begun()), (3, vec![other, hired, renamed]));
}

#[tokio::test]
async fn behind_a_parked_task_only_suspensions_and_deletions_pass() {
    let scene = Scene::new().await;
    let parked = scene.queue(hire(json!({"email": "p9@acme.example"})));
    let renamed = scene.queue(rename(9, "Grace"));
    let suspended = scene.queue(about("suspend_account", 9));
    let deleted = scene.queue(about("delete_account", 9));
    let resumed = scene.queue(about("unsuspend_account", 9));
    let others = [1, 2, 3].map(|number| scene.queue(rename(number, "Grace")));

    for round in 1..=2 {
        let parked_now = scene.round_with(async {}).await.parked;

        assert_eq!(parked_now, 1, "round {round}");
        for task in [suspended, deleted].into_iter().chain(others) {
            scene.stage.app().assert_task_completed(task);
        }
        scene.assert_untouched(renamed);
        scene.assert_untouched(resumed);
        assert_eq!(scene.stage.app().task(parked).unwrap().status, "pending");
    }

    let begun = scene.floor.begun();
    assert_eq!(begun.iter().filter(|task| **task == parked).count(), 1, "it is not tried again");
    let place = |task| begun.iter().position(|begun| *begun == task).unwrap();
    assert!(place(suspended) < place(deleted), "they keep their order");
}

#[tokio::test]
async fn a_system_that_cannot_take_eight_at_once_says_so() {
    let (stage, floor) = (Stage::with(0).await, Floor::default());
    let connector = floor.attach_as(&stage, |builder| builder.tasks(tasks()).handlers_at_once(2)).await;
    let ids: Vec<Uuid> = (0..6).map(|number| stage.app().queue(about("suspend_account", number))).collect();
    floor.hold_everybody();
    let one_by_one = async {
        for (position, id) in ids.iter().enumerate() {
            floor.comes_to_run((ids.len() - position).min(2), None).await;
            floor.let_go(*id);
            stage.app().wait_until_task_done(*id, std::time::Duration::from_secs(60)).await;
        }
    };
    let stop = go_on();
    let (round, ()) = tokio::join!(connector.tasks_once(&stop), one_by_one);
    assert_eq!(round.unwrap().completed(), 6);
}
