//! One history's whole world, behind one lock: time, Iden, the system, the oracle, and the faults that strike.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use iden_bridge::journal::Command;
use tokio::{sync::Notify, time::Instant};
use uuid::Uuid;

use crate::{
    dice::Dice,
    faults::Fault,
    iden::sessions::Stands,
    iden::{
        Answer, Ask, Server,
        tasks::{ODD_ACTION, ODD_TYPE},
    },
    oracle::Oracle,
    plan::Plan,
    system::World,
    trace::Trace,
};

pub struct Stage {
    pub plan: Plan,
    state: Mutex<State>,
    /// Told when the process is to die.
    pub crash: Notify,
}

/// A point at which a process can die, counted from the beginning of a history.
pub type Cut = u64;

pub struct State {
    pub now: Duration,
    /// The true time at which this process began, and tokio's.
    base: Duration,
    began: Option<Instant>,
    /// The number of the process.
    pub process: u32,
    /// No more faults, and nothing moves.
    pub quiet: bool,
    pub wall_is_off_by: i64,
    pub trace: Trace,
    pub server: Server,
    pub world: World,
    pub oracle: Oracle,
    pub system_dice: Dice,
    pub net_dice: Dice,
    pub admin_dice: Dice,
    pub operator_dice: Dice,
    /// What the operator has asked the running connector for.
    pub asked: Vec<Command>,
    /// The operator looks into the system before they retry a parked task.
    pub plans_to_look: bool,
    /// Until then tasks come in the quiet, too.
    tasks_until: Duration,
    until: Duration,
    /// Whether a session was completed in the quiet while tasks went on; `None` while they do, and where they do not.
    pub completes_beside_tasks: Option<bool>,
    pub fault_dice: Vec<Dice>,
    rates: Vec<f64>,
    faults_from: Duration,
    outages: Vec<(Duration, Duration)>,
    /// In an outage no connection is taken at all.
    pub outages_refuse: bool,
    pub fired: Vec<u64>,
    pub requests: u64,
    pub points: u64,
    pub cut: Option<Cut>,
    /// How many points this process has left, where it is to die soon.
    pub dies_in: Option<u64>,
    pub is_dead: bool,
    pub journal_is_lost: bool,
    applies: BTreeMap<(Duration, u64), Ask>,
    next_move: Duration,
    next_task: Duration,
    moves_every: Duration,
    tasks_every: Duration,
}

impl Stage {
    pub fn new(plan: Plan, cut: Option<Cut>, keep_trace: bool) -> Arc<Self> {
        let seed = plan.seed;
        let mut server = Server::new(seed, plan.answers);
        let world = World::new(&plan);
        if plan.inherited {
            server.inherit(crate::system::connector::NAME);
        }
        let state = State {
            now: Duration::ZERO,
            base: Duration::ZERO,
            began: None,
            process: 0,
            quiet: false,
            wall_is_off_by: 0,
            trace: Trace::new(keep_trace),
            server,
            world,
            oracle: Oracle::new(&plan),
            system_dice: Dice::new(seed, "system"),
            net_dice: Dice::new(seed, "network"),
            admin_dice: Dice::new(seed, "admin"),
            operator_dice: Dice::new(seed, "operator"),
            asked: Vec::new(),
            plans_to_look: plan.faults.has(Fault::Operator),
            tasks_until: plan.until + plan.tasks_go_on,
            until: plan.until,
            completes_beside_tasks: None,
            fault_dice: Fault::ALL.iter().map(|fault| Dice::new(seed, &format!("{fault:?}"))).collect(),
            rates: Fault::ALL.iter().map(|fault| plan.faults.rate(*fault)).collect(),
            faults_from: plan.from,
            outages: plan.faults.outages.clone(),
            outages_refuse: plan.faults.outages_refuse,
            fired: vec![0; Fault::ALL.len()],
            requests: 0,
            points: 0,
            cut,
            dies_in: None,
            is_dead: false,
            journal_is_lost: false,
            applies: BTreeMap::new(),
            next_move: Duration::from_millis(500),
            next_task: if plan.tasks { Duration::from_secs(2) } else { Duration::MAX },
            moves_every: plan.moves_every,
            tasks_every: plan.tasks_every,
        };
        Arc::new(Stage { plan, state: Mutex::new(state), crash: Notify::new() })
    }

    /// A new process begins, so long after the one before.
    pub fn boot(&self, after: Duration) {
        let mut state = self.look();
        state.base = state.now + after;
        state.began = Some(Instant::now());
        state.process += 1;
        state.is_dead = false;
        let process = state.process;
        state.oracle.process_begins(process);
    }

    /// The state, without anything happening.
    pub fn look(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// The state, with all that was due done.
    pub fn enter(&self) -> MutexGuard<'_, State> {
        let mut state = self.look();
        let now = state.clock();
        state.advance(now);
        state
    }

    /// Whether a fault of this kind happens here, in code that may run while somebody looks at the state.
    pub fn strikes_unless_busy(&self, fault: Fault) -> bool {
        self.state.try_lock().is_ok_and(|mut state| state.strikes(fault))
    }

    /// A point at which the process can die. If it does, this never returns.
    pub async fn point(&self, what: &str) {
        let dies = self.enter().dies_here(what);
        if dies {
            self.crash.notify_one();
            std::future::pending::<()>().await;
        }
    }
}

impl State {
    /// Whether tasks come although everything else is quiet.
    pub fn tasks_go_on(&self) -> bool {
        self.tasks_until > self.until && self.next_task < self.tasks_until
    }

    pub fn clock(&self) -> Duration {
        self.base + self.began.map(|began| began.elapsed()).unwrap_or_default()
    }

    /// The machine sleeps: time goes on, and the process does not see it.
    pub fn sleep_through(&mut self, time: Duration) {
        self.base += time;
    }

    fn next_event(&self) -> Duration {
        let apply = self.applies.keys().next().map_or(Duration::MAX, |(at, _)| *at);
        let moves = if self.quiet { Duration::MAX } else { self.next_move };
        let tasks = if self.quiet && !self.tasks_go_on() { Duration::MAX } else { self.next_task };
        apply.min(moves.min(tasks)).min(self.server.next_due().unwrap_or(Duration::MAX))
    }

    fn advance(&mut self, now: Duration) {
        while self.next_event() <= now {
            let at = self.next_event().max(self.now);
            self.now = at;
            if let Some(entry) = self.applies.first_entry().filter(|entry| entry.key().0 <= at) {
                let ask = entry.remove();
                self.apply(&ask);
            } else if !self.quiet && self.next_move <= at {
                let what = self.world.change(at);
                self.trace.say(at, "world", what);
                if self.may_strike(Fault::Respelled)
                    && let Some(what) = self.world.respell()
                {
                    self.has_fired(Fault::Respelled);
                    self.trace.say(at, "world", what);
                }
                self.next_move = at + self.moves_every.mul_f64(0.2 + 1.6 * self.world.dice.unit());
            } else if self.next_task <= at && (!self.quiet || self.tasks_go_on()) {
                self.wish(at);
                self.next_task = at + self.tasks_every.mul_f64(0.2 + 1.6 * self.world.dice.unit());
            }
            self.server.advance(at);
        }
        self.now = self.now.max(now);
        self.server.advance(self.now);
        if self.tasks_until > self.until && self.now >= self.tasks_until {
            let completes = self.oracle.completed_at() > self.until;
            self.completes_beside_tasks.get_or_insert(completes);
        }
    }

    /// Somebody at Iden wants something of the system, or changes their mind.
    fn wish(&mut self, now: Duration) {
        let id = self.server.dice.uuid();
        let Some(mut task) = self.world.wish(now, id) else { return };
        // Iden names groups as it holds them.
        task.payload.as_object_mut().into_iter().for_each(|payload| {
            self.server.answers.fold(payload);
            let account = payload.get_mut("account").and_then(serde_json::Value::as_object_mut);
            account.into_iter().for_each(|account| self.server.answers.fold(account));
        });
        if self.strikes(Fault::OddAction) {
            if self.server.dice.chance(0.5) { task.action = ODD_ACTION } else { task.slug = ODD_TYPE }
        }
        self.trace.say(now, "task", format_args!("{id} {} {} {:?}", task.action, task.number, task.execute_after));
        self.server.tasks.insert(id, task);
        let what = self.server.dice.below(100);
        let of = |server: &mut Server, wanted: &dyn Fn(&crate::iden::tasks::Task) -> bool| {
            let some: Vec<Uuid> = server.tasks.values().filter(|task| wanted(task)).map(|task| task.id).collect();
            (!some.is_empty()).then(|| server.dice.pick(&some))
        };
        if self.strikes(Fault::OddEnd)
            && let Some(id) = of(&mut self.server, &|task| task.ended.is_none())
        {
            let ended = self.server.dice.pick(&["cancelled", "expired"]);
            let task = self.server.tasks.get_mut(&id).unwrap();
            (task.ended, task.by_somebody, task.ended_at) = (Some(ended.to_owned()), true, now);
            self.trace.say(now, ended, id);
        }
        if self.strikes(Fault::OnHold)
            && let Some(id) = of(&mut self.server, &|task| task.is_pending(now))
        {
            let hold = self.server.dice.millis(1_000, 60_000);
            let task = self.server.tasks.get_mut(&id).unwrap();
            (task.on_hold_until, task.moved) = (now + hold, Some(now));
            self.trace.say(now, "on hold", id);
        }
        match what {
            // Somebody else settles one.
            0..4 => {
                if let Some(id) = of(&mut self.server, &|task| task.ended.is_none()) {
                    let task = self.server.tasks.get_mut(&id).unwrap();
                    (task.ended, task.by_somebody, task.ended_at) = (Some("failed".to_owned()), true, now);
                    self.trace.say(now, "cancelled", id);
                }
            }
            4..8 => {
                if let Some(id) = of(&mut self.server, &|task| task.is_pending(now)) {
                    let task = self.server.tasks.get_mut(&id).unwrap();
                    (task.execute_after, task.moved) = (Some(now + Duration::from_secs(20)), Some(now));
                    self.trace.say(now, "put off", id);
                }
            }
            8..16 => {
                let ours = |task: &crate::iden::tasks::Task| task.ended.is_some() && !task.by_somebody;
                if let Some(id) = of(&mut self.server, &ours) {
                    let task = self.server.tasks.get_mut(&id).unwrap();
                    (task.ended, task.reopened, task.moved) = (None, true, Some(now));
                    self.trace.say(now, "pending again", id);
                }
            }
            _ => {}
        }
    }

    /// Iden takes a request in.
    pub fn apply(&mut self, ask: &Ask) -> Answer {
        let answer = self.server.answer(self.now, ask);
        self.trace.say(self.now, "answer", format_args!("{} {} -> {} {}", ask.method, ask.path, answer.0, answer.1));
        for event in std::mem::take(&mut self.server.events) {
            self.oracle.note(self.now, &event, &self.server, &self.world);
        }
        answer
    }

    /// Iden takes it in later.
    pub fn apply_later(&mut self, at: Duration, mut ask: Ask) {
        ask.late = true;
        let number = self.requests + self.applies.len() as u64 * 1_000_000;
        self.applies.insert((at, number), ask);
    }

    /// Whether a fault of this kind happens here.
    pub fn strikes(&mut self, fault: Fault) -> bool {
        let strikes = self.may_strike(fault);
        if strikes {
            self.has_fired(fault);
        }
        strikes
    }

    /// Whether a fault of this kind happens here, unless more dice spare it: who lets it happen counts it.
    pub fn may_strike(&mut self, fault: Fault) -> bool {
        let at = fault.position();
        let rate = self.rates[at];
        if rate == 0.0 || self.quiet || self.now < self.faults_from {
            return false;
        }
        let strikes = self.fault_dice[at].chance(rate);
        if strikes {
            self.trace.say(self.now, "fault", format_args!("{fault:?}"));
        }
        strikes
    }

    pub fn is_out(&self) -> bool {
        self.outages.iter().any(|(from, to)| (*from..*to).contains(&self.now))
    }

    /// Iden ends the session by itself.
    pub fn close_session_of(&mut self, ask: &Ask) {
        let session = ask.parts().iter().rev().nth(1).and_then(|id| id.parse::<Uuid>().ok());
        if let Some(session) = session.and_then(|id| self.server.sessions.get_mut(&id))
            && session.stands == Stands::Open
        {
            session.stands = Stands::Abandoned;
        }
    }

    pub fn has_fired(&mut self, fault: Fault) {
        self.fired[fault.position()] += 1;
    }

    fn dies_here(&mut self, what: &str) -> bool {
        self.points += 1;
        let cut = self.cut == Some(self.points);
        let soon = self.dies_in.as_mut().is_some_and(|left| {
            *left -= 1;
            *left == 0
        });
        let dies = cut || soon || self.strikes(Fault::Crash);
        if dies {
            self.trace.say(self.now, "dies", what);
            (self.dies_in, self.is_dead) = (None, true);
        }
        dies
    }

    pub fn oracle_effect(&mut self, task: Uuid, action: &'static str) {
        self.oracle.effect(self.now, task, action, &self.world);
    }
}
