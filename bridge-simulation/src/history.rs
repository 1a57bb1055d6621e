//! One history: processes that come and go while faults strike, and then a quiet time in which all must come right.

use std::{
    future::Future,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    sync::{Arc, Once},
    task::Poll,
    time::Duration,
};

use iden_bridge::{Schedule, Target, client::ApiKey, connector::Exit, journal::SqliteJournal};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::{
    dice::EngineDice,
    faults::Fault,
    known,
    operator::Operator,
    plan::Plan,
    seams::clock::ProcessClock,
    seams::journal::ProcessJournal,
    seams::network::Network,
    stage::{Cut, Stage},
    system::connector::connector,
};

/// How often somebody looks after a process.
const LOOK: Duration = Duration::from_secs(7);
/// How long a stop may take.
const STOP: Duration = Duration::from_secs(30);
/// How long it may take until all has come right.
const QUIET: Duration = Duration::from_secs(45 * 60);

/// What a history came to.
#[derive(Debug)]
pub struct Outcome {
    pub violations: Vec<String>,
    pub hash: u64,
    pub events: u64,
    pub requests: u64,
    pub processes: u64,
    pub completions: u64,
    pub effects: u64,
    pub points: u64,
    pub fired: Vec<u64>,
    pub simulated: Duration,
    pub lines: Vec<String>,
}

thread_local! {
    /// One for all histories of a thread: making a journal takes as long as half a history.
    static DISK: Arc<SqliteJournal> = Arc::new(SqliteJournal::in_task().unwrap());
    /// The same with a second connection, for commands beside the connector. SQLite takes longer to share a journal.
    static SHARED: (Arc<SqliteJournal>, Arc<SqliteJournal>) = {
        let (disk, beside) = SqliteJournal::two_in_task().unwrap();
        (Arc::new(disk), Arc::new(beside))
    };
}

impl Outcome {
    /// What is the same in two histories only if they are the same.
    #[must_use]
    pub fn figures(&self) -> (u64, u64, u64, Duration) {
        (self.hash, self.events, self.requests, self.simulated)
    }
}

/// How a process ended.
#[derive(Debug, PartialEq)]
enum End {
    Died,
    Ended,
    /// There is nothing left to see.
    Over,
}

/// The history that a seed draws.
pub fn of_seed(seed: u64) -> Outcome {
    history(Plan::draw(seed), None, false)
}

/// Panics of the simulated source and handlers are part of the play: they are not printed.
fn be_quiet() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            let text = panic.payload().downcast_ref::<&str>();
            let text = text.copied().or_else(|| panic.payload().downcast_ref::<String>().map(String::as_str));
            if !text.is_some_and(|text| text.starts_with("sim: ")) {
                usual(panic);
            }
        }));
    });
}

/// Runs a history to its end.
pub fn history(plan: Plan, cut: Option<Cut>, keep_trace: bool) -> Outcome {
    be_quiet();
    let stage = Stage::new(plan, cut, keep_trace);
    let (disk, beside) = match stage.plan.faults.has(Fault::Operator) {
        true => SHARED.with(|(disk, beside)| (Arc::clone(disk), Arc::clone(beside))),
        false => DISK.with(|disk| (Arc::clone(disk), Arc::clone(disk))),
    };
    disk.forget_everything().unwrap();
    let mut after = Duration::ZERO;
    loop {
        // One of its own for each process: dropped, nothing of it is left.
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let end = runtime.block_on(async {
            let end = process(&stage, (&disk, &beside), after).await;
            knows_whom_iden_holds(&stage, &disk).await;
            end
        });
        drop(runtime);
        disk.forget_scan();
        let mut guard = stage.look();
        let state = &mut *guard;
        let now = state.now;
        state.trace.say(now, "process", format_args!("{end:?}"));
        if end == End::Over {
            break;
        }
        // Processes that die in their first seconds are never looked after.
        state.quiet |= now >= stage.plan.until;
        after = if state.quiet { Duration::from_secs(1) } else { state.admin_dice.log_millis(100, 15_000) };
        if !state.journal_is_lost && state.strikes(Fault::JournalLost) {
            disk.forget_everything().unwrap();
            state.journal_is_lost = true;
            state.oracle.journal_is_lost(&state.server);
        }
        state.dies_in =
            (end == End::Died && state.strikes(Fault::DoubleCrash)).then(|| state.admin_dice.between(1, 30));
    }
    let mut state = stage.look();
    Outcome {
        violations: std::mem::take(&mut state.oracle.violations),
        hash: state.trace.hash(),
        events: state.trace.events(),
        requests: state.requests,
        processes: u64::from(state.process),
        completions: state.oracle.completions,
        effects: state.world.effects.len() as u64,
        points: state.points,
        fired: state.fired.clone(),
        simulated: state.now,
        lines: state.trace.lines.take().unwrap_or_default(),
    }
}

/// Invariant 5, when a process has ended.
async fn knows_whom_iden_holds(stage: &Stage, disk: &SqliteJournal) {
    // A new journal knows nobody at first.
    if stage.look().journal_is_lost {
        return;
    }
    disk.forget_scan();
    let known = known::ids(disk, stage.plan.names).await.unwrap();
    let mut guard = stage.look();
    let state = &mut *guard;
    if let Some(key) = known::unknown(&known, &state.server) {
        state.oracle.violated(state.now, 5, format_args!("Iden holds {key:?}, and the journal does not know it"));
    }
}

async fn process(
    stage: &Arc<Stage>,
    (disk, beside): (&Arc<SqliteJournal>, &Arc<SqliteJournal>),
    after: Duration,
) -> End {
    stage.boot(after);
    let plan = &stage.plan;
    let (seed, number) = (plan.seed, u64::from(stage.look().process));
    let key = ApiKey::new("key").unwrap();
    let target = Target::new(
        "http://127.0.0.1:9/org/acme".parse().unwrap(),
        key,
        std::env::temp_dir().join("bridge-simulation"),
    )
    .transport(Arc::new(Network(Arc::clone(stage))))
    .clock(Arc::new(ProcessClock::new(Arc::clone(stage))))
    .random(Arc::new(EngineDice::new(seed ^ (number << 32))))
    .journal(Arc::new(ProcessJournal::new(Arc::clone(stage), Arc::clone(disk))));
    let stop = CancellationToken::new();
    let schedule = Schedule::default().poll_every(plan.poll_every, plan.poll_every * 3);
    let schedule = match plan.cron {
        true => schedule.sync_at("* * * * * UTC".parse().unwrap()),
        false => schedule.sync_every(plan.sync_every),
    };
    let work = async {
        let attaching = connector(stage).attach(&target, json!({}));
        match stop.run_until_cancelled(attaching).await {
            Some(attached) => attached?.run(&schedule, &stop).await,
            // As the command line does: nothing is under way yet.
            None => Ok(()),
        }
    };
    let mut work = pin!(work);
    // Nothing that the user's code does ends a process by a panic.
    let mut work = std::future::poll_fn(|cx| {
        let polled = catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(cx)));
        polled.map_or(Poll::Ready(None), |polled| polled.map(Some))
    });
    let mut stopped_at = None;
    let mut operator = Operator::new(Arc::clone(beside));
    loop {
        tokio::select! {
            biased;
            () = stage.crash.notified() => return End::Died,
            ended = &mut work => {
                let mut state = stage.enter();
                let now = state.now;
                let Some(ended) = ended else {
                    state.oracle.violated(now, 19, "a panic has ended the process");
                    return End::Over;
                };
                let code = ended.as_ref().err().map(Exit::of);
                state.trace.say(now, "ended", format_args!("{code:?} {:?}", ended.as_ref().err().map(ToString::to_string)));
                return if state.oracle.violations.is_empty() { End::Ended } else { End::Over };
            }
            planned = operator.planned() => {
                operator.has_planned(stage, planned).await;
                continue;
            }
            () = tokio::time::sleep(LOOK) => {}
        }
        if let Some(end) = look_after(stage, disk, &stop, &mut stopped_at, &mut operator).await {
            return end;
        }
    }
}

/// What people and the machine do.
async fn look_after(
    stage: &Arc<Stage>,
    disk: &Arc<SqliteJournal>,
    stop: &CancellationToken,
    stopped_at: &mut Option<Duration>,
    operator: &mut Operator,
) -> Option<End> {
    let pause = {
        let mut guard = stage.enter();
        let state = &mut *guard;
        let now = state.now;
        state.oracle.nothing_waits(now);
        if !state.oracle.violations.is_empty() {
            return Some(End::Over);
        }
        if stopped_at.is_some_and(|at| now > at + STOP) {
            state.oracle.violated(now, 16, "the stop takes too long");
        }
        if !state.quiet && now >= stage.plan.until {
            state.quiet = true;
            state.trace.say(now, "quiet", "");
            // Half of them go on as they are.
            if state.admin_dice.chance(0.5) {
                return Some(End::Died);
            }
        }
        if state.quiet {
            if state.completes_beside_tasks == Some(false) {
                state.oracle.violated(now, 15, "tasks go on, and no session is completed");
                return Some(End::Over);
            }
            let (difference, failed) = (state.difference(), state.failed_without_need());
            if let Some(failed) = failed {
                state.oracle.violated(now, 9, failed);
                return Some(End::Over);
            }
            match difference {
                None if state.tasks_go_on() => {}
                None => return Some(End::Over),
                Some(difference)
                    if now > stage.plan.until + stage.plan.tasks_go_on + stage.plan.lookups_take() + QUIET =>
                {
                    let invariant = if difference.starts_with("task") { 9 } else { 15 };
                    state.oracle.violated(now, invariant, difference);
                    return Some(End::Over);
                }
                Some(_) => {}
            }
        }
        if state.may_strike(Fault::ClockJump) {
            let was_off_by = state.wall_is_off_by;
            let mut asleep = Duration::ZERO;
            match state.admin_dice.below(3) {
                0 => state.wall_is_off_by += state.admin_dice.between(0, 200_000) as i64 - 100_000,
                1 => state.wall_is_off_by = 0,
                _ => {
                    asleep = state.admin_dice.log_millis(1_000, 900_000);
                    state.sleep_through(asleep);
                    state.oracle.nobody_waits();
                    stopped_at.iter_mut().for_each(|at| *at += asleep);
                }
            }
            let has_jumped = state.wall_is_off_by != was_off_by;
            if has_jumped {
                state.oracle.clock_has_jumped();
            }
            if has_jumped || !asleep.is_zero() {
                state.has_fired(Fault::ClockJump);
            }
        }
        if !state.quiet && stopped_at.is_none() && state.admin_dice.chance(0.01) {
            // The machine may have slept just now.
            *stopped_at = Some(state.clock());
            stop.cancel();
            state.oracle.nobody_waits();
        }
        let pause = state.strikes(Fault::Pause).then(|| state.admin_dice.log_millis(500, 90_000));
        if pause.is_some() {
            state.oracle.nobody_waits();
        }
        pause
    };
    if let Some(pause) = pause {
        tokio::time::advance(pause).await;
        if let Some(at) = stopped_at {
            *at += pause;
        }
    }
    operator.look(stage, disk).await;
    None
}
