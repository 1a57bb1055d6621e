//! The person who operates the connector: `plan`, `approve`, `sync --now` and `tasks retry`, beside the running process.

use std::{future::Future, pin::Pin, sync::Arc, time::Duration};

use async_trait::async_trait;
use iden_bridge::{
    Target,
    client::{ApiKey, Request, Response, Transport, TransportError},
    connector::ConnectorError,
    journal::{Approval, Command, PlanItem, PlanJournal, Retry, SqliteJournal, TaskJournal, TaskState},
    sync::Plan,
};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::{
    dice::EngineDice,
    faults::Fault,
    iden::Ask,
    seams::{
        clock::{ProcessClock, stamp},
        network::response,
    },
    stage::Stage,
    system::connector::{NAME, connector},
};

type Planning = Pin<Box<dyn Future<Output = Result<Plan, ConnectorError>>>>;

/// What a person has read: the hash of a plan, and what it takes away.
struct Read {
    hash: String,
    items: Vec<PlanItem>,
    pushed: Vec<(String, String)>,
}

pub struct Operator {
    /// The journal, as a command opens it.
    beside: Arc<SqliteJournal>,
    planning: Option<Planning>,
    /// What `plan` printed, and is to be approved.
    read: Option<Read>,
}

impl Operator {
    pub fn new(beside: Arc<SqliteJournal>) -> Self {
        Operator { beside, planning: None, read: None }
    }

    /// The end of the `plan` that is under way.
    pub async fn planned(&mut self) -> Result<Plan, ConnectorError> {
        match &mut self.planning {
            Some(planning) => {
                let planned = planning.await;
                self.planning = None;
                planned
            }
            None => std::future::pending().await,
        }
    }

    /// Reads what `plan` has printed.
    pub async fn has_planned(&mut self, stage: &Stage, planned: Result<Plan, ConnectorError>) {
        let text = planned.as_ref().map_or_else(ToString::to_string, |plan| plan.hash.clone());
        let approves = {
            let mut guard = stage.enter();
            let state = &mut *guard;
            state.trace.say(state.now, "planned", text);
            state.operator_dice.chance(0.5)
        };
        // Not everything that is printed is approved.
        if let Some(plan) = planned.ok().filter(|plan| approves && !plan.losses.is_empty()) {
            let pushed = self.beside.plan_pushed(&plan.hash).await.unwrap();
            self.read = Some(Read { hash: plan.hash, items: plan.losses, pushed });
        }
    }

    /// A person looks at what is held, and at what is parked, and gives commands.
    pub async fn look(&mut self, stage: &Arc<Stage>, disk: &SqliteJournal) {
        if let Some(read) = self.read.take() {
            approve(stage, &self.beside, read).await;
        }
        let (approves, retries, wall) = {
            let mut state = stage.enter();
            let (approves, retries) = (state.admin_dice.chance(stage.plan.approves), state.admin_dice.chance(0.2));
            let wall = stamp(state.now) + SignedDuration::from_secs(state.wall_is_off_by);
            (state.quiet || approves, state.quiet || retries, wall)
        };
        if approves {
            approve_held(stage, disk, wall).await;
        }
        if retries {
            for task in disk.open_tasks().await.unwrap() {
                if task.state == TaskState::Parked {
                    let retry = what_is_known(stage, &task.seen.id.to_string());
                    disk.retry_task(task.seen.id, retry, wall).await.unwrap();
                }
            }
        }
        self.give_a_command(stage);
    }

    fn give_a_command(&mut self, stage: &Arc<Stage>) {
        let mut state = stage.enter();
        if !state.strikes(Fault::Operator) {
            return;
        }
        match state.operator_dice.below(3) {
            0 => state.asked.push(Command::Sync),
            1 => state.asked.push(Command::Tasks),
            _ => {
                drop(state);
                self.planning = Some(plan(stage, &self.beside));
            }
        }
    }
}

/// What a person who looks into the system finds out about a parked task.
fn what_is_known(stage: &Stage, task: &str) -> Retry {
    let mut state = stage.enter();
    let was_done = state.world.effects.iter().any(|effect| effect.task.to_string() == task);
    let looks = state.plans_to_look && state.operator_dice.chance(0.5);
    if looks && !was_done { Retry::NotDone } else { Retry::Settle }
}

async fn approve_held(stage: &Stage, disk: &SqliteJournal, wall: Timestamp) {
    let Some(hold) = disk.held().await.unwrap() else { return };
    // What was approved and is held even so, has other reasons by now: a person approves again, after a while.
    let approved = disk.approvals().await.unwrap();
    let is_recent = |one: &Approval| wall.duration_since(one.at).unsigned_abs() < Duration::from_secs(60);
    if approved.iter().any(|one| one.hash == hold.hash && one.is_good_at(wall) && is_recent(one)) {
        return;
    }
    let items = disk.plan_items(&hold.hash, usize::MAX / 2).await.unwrap();
    let pushed = disk.plan_pushed(&hold.hash).await.unwrap();
    approve(stage, disk, Read { hash: hold.hash, items, pushed }).await;
}

async fn approve(stage: &Stage, journal: &SqliteJournal, Read { hash, items, pushed }: Read) {
    let wall = {
        let state = stage.enter();
        stamp(state.now) + SignedDuration::from_secs(state.wall_is_off_by)
    };
    if journal.approve(Approval::new(&hash, NAME, "so it is", wall)).await.is_ok() {
        let mut guard = stage.enter();
        let state = &mut *guard;
        state.trace.say(state.now, "approves", &hash);
        state.oracle.approved(items, &pushed);
    }
}

/// `plan`, in a process of its own.
fn plan(stage: &Arc<Stage>, beside: &Arc<SqliteJournal>) -> Planning {
    let seed = stage.plan.seed;
    let target = Target::new("http://127.0.0.1:9/org/acme".parse().unwrap(), ApiKey::new("key").unwrap(), "/nowhere")
        .transport(Arc::new(Beside(Arc::clone(stage))))
        .clock(Arc::new(ProcessClock::new(Arc::clone(stage))))
        .random(Arc::new(EngineDice::new(seed)))
        .journal(Arc::clone(beside) as Arc<dyn iden_bridge::journal::Journal>);
    let connector = connector(stage);
    Box::pin(async move { connector.plan(&target, json!({}), &CancellationToken::new()).await })
}

/// The way of a command to Iden. Nothing is lost on it: a plan that fails is made again.
struct Beside(Arc<Stage>);

#[async_trait]
impl Transport for Beside {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        let wait = self.0.enter().operator_dice.millis(2, 120);
        tokio::time::sleep(wait).await;
        let mut guard = self.0.enter();
        let state = &mut *guard;
        let ask = Ask {
            by: state.process,
            sent: state.now,
            late: false,
            method: request.method.as_str(),
            path: request.url.path().trim_start_matches("/org/acme").to_owned(),
            query: request.url.query().unwrap_or_default().to_owned(),
            body: Vec::new(),
        };
        if ask.method != "GET" {
            state.oracle.violated(state.now, 18, format_args!("`plan` changes something: {} {}", ask.method, ask.path));
        }
        Ok(response(&state.apply(&ask)))
    }
}
