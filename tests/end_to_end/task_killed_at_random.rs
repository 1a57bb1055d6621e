//! Histories by chance: a dozen tasks, and a connector that is killed again and again while it works on them.
//!
//! `BRIDGE_KILLS` says how many kills there are in all, `BRIDGE_SEED` where chance begins. A failure says with which values
//! its history is the first one; which call a kill hits is repeated by that, and what the machine does meanwhile is not.

use std::{env, time::Duration};

use bridge_sandbox::{Fault, TaskView};
use iden_bridge::random::{Random, SystemRandom};
use jiff::{Timestamp, ToSpan};
use serde_json::json;

use crate::{
    child_process::FOR_GOOD,
    task_child::{AT_WORK, Orders, Scene, about, end_of, in_server_order, told_password},
    task_world::{Effect, Looks, gets_password},
};

/// With the 20 of `task_killed`, 50.
const KILLS: u64 = 30;
/// These people are there; the two after them are hired.
const PEOPLE: u32 = 4;
/// Every kind in turn.
const ACTIONS: [&str; 4] = ["suspend_account", "reset_password", "update_account", "unsuspend_account"];

/// What the variable says, if it is there.
fn told(name: &str) -> Option<u64> {
    Some(env::var(name).ok()?.parse().unwrap_or_else(|error| panic!("`{name}`: {error}")))
}

struct Chance(SystemRandom);

impl Chance {
    /// From 0, and below this.
    fn below(&self, bound: u32) -> u32 {
        (self.0.unit() * f64::from(bound)) as u32
    }

    fn says_yes(&self) -> bool {
        self.below(2) == 0
    }
}

/// Says on a failure how to have it again.
struct Seed(u64);

impl Drop for Seed {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("to begin with this history: BRIDGE_SEED={} BRIDGE_KILLS=1", self.0);
        }
    }
}

/// What a test run came to.
#[derive(Debug, Default)]
struct Counts {
    histories: u64,
    kills: u64,
    /// Done more than once, and the same as once.
    repeated: usize,
    /// Said to be unknown.
    unknown: usize,
    /// Done, and the password lost.
    lost: usize,
}

#[tokio::test]
async fn tasks_end_well_whenever_their_process_is_killed() {
    let kills = told("BRIDGE_KILLS").unwrap_or(KILLS);
    let first = told("BRIDGE_SEED").unwrap_or_else(|| uuid::Uuid::new_v4().as_u64_pair().0 >> 16);
    let mut counts = Counts::default();
    while counts.kills < kills {
        let seed = Seed(first + counts.histories);
        let history = History::of(seed.0).await;
        let killed = history.live().await;
        assert!(killed > 0, "no kill has hit a connector that had work");
        history.check(&mut counts);
        counts.histories += 1;
        counts.kills += killed;
    }
    println!("from seed {first}: {counts:?}");
}

struct History {
    scene: Scene,
    chance: Chance,
}

impl History {
    async fn of(seed: u64) -> Self {
        let (scene, chance) = (Scene::of(1..=PEOPLE).await, Chance(SystemRandom::seeded(seed)));
        let (app, made) = (scene.app(), Timestamp::now() - 1.minute());
        for new in [PEOPLE + 1, PEOPLE + 2] {
            app.queue(about("create_account", new).created_at(made));
        }
        for (position, action) in ACTIONS.into_iter().cycle().take(10).enumerate() {
            let mut task = about(action, 1 + chance.below(PEOPLE + 2));
            // Many are made at the same instant, and some are put off past others; all are due by now.
            let second = || made + (1 + i64::from(chance.below(3))).seconds();
            task = task.created_at(second());
            if chance.says_yes() {
                task = task.execute_after(second());
            }
            if action == "update_account" {
                task = task.changes(json!({"first_name": format!("name {position}")}));
            }
            app.queue(task);
        }
        History { scene, chance }
    }

    /// Kills one connector after the other, and lets the last one work to its end. How many were killed with work to do.
    async fn live(&self) -> u64 {
        let mut killed = 0;
        for life in 0..2 + self.chance.below(5) {
            // The first one cannot be done by then: a dozen tasks take a dozen reports and more.
            match if life == 0 { 0 } else { self.chance.below(3) } {
                0 => self.kill_at_a_call().await,
                1 => self.kill_after_an_effect().await,
                _ => self.kill_at_some_time().await,
            }
            self.scene.stage.sandbox.clear_faults();
            if self.scene.app().tasks().iter().all(TaskView::is_done) {
                break;
            }
            killed += 1;
        }
        self.scene.next_connector_ends_it().await;
        killed
    }

    fn orders(&self) -> Orders {
        // Sometimes the answer to a report is lost, too.
        if self.chance.says_yes() {
            let after = self.chance.below(4) as usize;
            self.scene.stage.sandbox.fault(Fault::ending("PATCH", "/status/").after(after).times(1).lose_answer());
        }
        Orders { pace: self.chance.below(6).into(), hasty: true, halt: None }
    }

    /// From some call on all are held. Handlers that run then still do what they do, for a moment.
    async fn kill_at_a_call(&self) {
        let sandbox = &self.scene.stage.sandbox;
        let (before, calls) = (sandbox.requests().len(), self.chance.below(12) as usize);
        sandbox.fault(Fault::on("*", "/").after(calls).delay(FOR_GOOD));
        let mut child = self.scene.child(&self.orders());
        child.until("its last call", || sandbox.requests().len() > before + calls).await;
        tokio::time::sleep(Duration::from_millis(self.chance.below(15).into())).await;
        child.kill().await;
    }

    /// Most often before its handler has answered, or its answer is written down.
    async fn kill_after_an_effect(&self) {
        let scene = &self.scene;
        let effects = scene.world.effects().len() + 1 + self.chance.below(4) as usize;
        let mut child = scene.child(&self.orders());
        let is_over = || scene.app().tasks().iter().all(TaskView::is_done);
        child.until("an effect", || scene.world.effects().len() >= effects || is_over()).await;
        child.kill().await;
    }

    async fn kill_at_some_time(&self) {
        let mut child = self.scene.child(&self.orders());
        child.says(AT_WORK).await;
        tokio::time::sleep(Duration::from_millis(self.chance.below(60).into())).await;
        child.kill().await;
    }

    #[track_caller]
    fn check(&self, counts: &mut Counts) {
        let tasks = in_server_order(self.scene.app().tasks());
        for task in &tasks {
            let (effects, end) = (self.scene.effects(task.id), end_of(task));
            match (task.action.as_str(), end.as_str()) {
                ("create_account", "completed") => assert_eq!(effects.len(), 1, "{task:?}"),
                ("reset_password", "completed") => {
                    assert_eq!(effects.len(), 1, "{task:?}");
                    assert_eq!(told_password(task), gets_password(effects[0].number), "{task:?}");
                }
                ("reset_password", "outcome_unknown") => {
                    assert!(effects.len() <= 1, "{task:?}: {effects:?}");
                    counts.unknown += 1;
                }
                ("reset_password", "result_lost") => {
                    assert_eq!(effects.len(), 1, "{task:?}");
                    assert!(gets_password(effects[0].number), "there was none to lose");
                    counts.lost += 1;
                }
                ("suspend_account" | "unsuspend_account" | "update_account", "completed") => {
                    assert!(!effects.is_empty(), "{task:?}");
                    counts.repeated += usize::from(effects.len() > 1);
                }
                _ => panic!("it must not end so: {task:?}"),
            }
        }
        for number in 1..=PEOPLE + 2 {
            let own: Vec<&TaskView> = tasks.iter().filter(|task| number_of(task) == number).collect();
            self.check_account(number, &own);
        }
        self.scene.assert_nothing_is_contradicted();
    }

    /// `tasks`: those of this account, in server order.
    #[track_caller]
    fn check_account(&self, number: u32, tasks: &[&TaskView]) {
        let effects: Vec<Effect> = self.scene.world.effects();
        let effects = effects.into_iter().filter(|effect| effect.number == number);
        let mut first_times: Vec<String> = Vec::new();
        for effect in effects {
            if !first_times.contains(&effect.key) {
                first_times.push(effect.key);
            }
        }
        let app = self.scene.app().id();
        let done = tasks.iter().map(|task| format!("{app}:{}", task.id)).filter(|key| first_times.contains(key));
        assert_eq!(first_times, done.collect::<Vec<_>>(), "account {number}: in the server's order");

        let mut looks = Looks { status: "active".into(), ..Looks::default() };
        for task in tasks {
            match task.action.as_str() {
                "suspend_account" => looks.status = "suspended".into(),
                "unsuspend_account" => looks.status = "active".into(),
                "update_account" => {
                    looks.first_name = task.payload["changes"]["first_name"].as_str().unwrap().to_owned();
                }
                _ => {}
            }
        }
        assert_eq!(self.scene.world.accounts(number), [looks], "account {number}: once, and as the last task left it");
    }
}

fn number_of(task: &TaskView) -> u32 {
    let email = task.payload["account"]["email"].as_str().unwrap();
    email.trim_start_matches('p').trim_end_matches("@acme.example").parse().unwrap()
}
