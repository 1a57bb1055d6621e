//! What is drawn before a history begins: how Iden answers the open questions, and what the system is like.

use std::time::Duration;

use crate::{
    dice::Dice,
    faults::{Fault, Faults},
    system::names::{Names, Style},
};

/// How Iden answers the questions that its documentation leaves open (reliability.md section 1, protocol.md section 9).
#[derive(Clone, Copy, Debug)]
pub struct Answers {
    /// P1: several sessions may be open.
    pub several_sessions: bool,
    /// P2: `complete` again is taken.
    pub complete_twice: bool,
    /// P3: `complete` after `abandon` is taken.
    pub complete_after_abandon: bool,
    /// P4: a record that came after the snapshot, and was not pushed, is removed.
    pub removes_newer: bool,
    /// P5: sessions expire so long after they were used.
    pub expires: Option<Duration>,
    /// And are not found then; else they are abandoned.
    pub expired_is_gone: bool,
    /// P6: `synced_count` counts an id once.
    pub counts_distinct: bool,
    /// P7: ids that differ in their case only are one.
    pub folds_ids: bool,
    /// So are those that differ in blanks at their ends only.
    pub trims_ids: bool,
    /// And in their Unicode normal form.
    pub composes_ids: bool,
    /// P8: tasks that are over are shown so long.
    pub keeps_tasks: Option<Duration>,
    /// P9: a new session closes the one before.
    pub closes_older: bool,
    /// P10: the same report again is answered with 200.
    pub report_twice: bool,
    /// P11: `abandon` after `complete` is answered with 204, and changes nothing.
    pub abandon_after_complete: bool,
    /// P12: a type that nothing was pushed of is emptied.
    pub empties_unpushed: bool,
    /// P14: memberships end with the upsert; else at `complete`.
    pub edges_end_at_once: bool,
    /// P15: what an upsert leaves out is cleared.
    pub clears_left_out: bool,
    /// P16: progress lists companion types.
    pub lists_companions: bool,
    /// P17: a completed task changes Iden's own view.
    pub tasks_change_view: bool,
    /// P18: the memberships of a task are added to those that are there; else they are the whole set.
    pub task_adds_memberships: bool,
    /// How long the clean-up takes, and whether the session says so meanwhile.
    pub cleanup: Duration,
    pub says_processing: bool,
    /// The largest page of tasks.
    pub task_page: usize,
    pub newest_task_first: bool,
    /// `total` is that of the session.
    pub cumulative_total: bool,
}

/// How people are read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Paging {
    /// All at once.
    Whole,
    /// Behind the last id of the page before.
    Keyset,
    /// By offset, with the runtime's help.
    Offset,
    /// By offset, and without: the list moves under the reader.
    Naive,
}

#[derive(Clone, Debug)]
pub struct Plan {
    pub seed: u64,
    pub answers: Answers,
    pub faults: Faults,
    pub names: Names,
    pub paging: Paging,
    pub page: usize,
    pub can_find: bool,
    /// How long an account that a task has made is not shown.
    pub lag: Duration,
    pub people: u32,
    /// From one move of the system to the next.
    pub moves_every: Duration,
    pub tasks_every: Duration,
    pub sync_every: Duration,
    pub poll_every: Duration,
    /// With each move of the system some leave together, more than may go unseen, or come back together.
    pub seasonal: bool,
    /// Whether the guard is the usual one; else a wide one, so that more is removed.
    pub usual_limits: bool,
    pub inherited: bool,
    /// When faults begin, and when they end.
    pub from: Duration,
    pub until: Duration,
    /// How likely somebody approves what is held, each time that they look.
    pub approves: f64,
    /// Syncs at the times of a cron expression, each minute; else at intervals.
    pub cron: bool,
    /// How long a page of accounts takes, and a look for one of them. Beside a few milliseconds.
    pub read_takes: Duration,
    pub find_takes: Duration,
    /// So long tasks go on in the quiet: a session must be completed beside them.
    pub tasks_go_on: Duration,
    pub journal_takes_time: bool,
    pub tasks: bool,
}

impl Plan {
    pub fn draw(seed: u64) -> Self {
        let mut dice = Dice::new(seed, "plan");
        let seasonal = dice.chance(0.04);
        let until = dice.millis(if seasonal { 180_000 } else { 60_000 }, 240_000);
        let faults = Faults::draw(seed, until);
        let mut answers = Answers::draw(seed, &mut dice);
        let paging = dice.pick(&[Paging::Whole, Paging::Keyset, Paging::Offset]);
        let can_find = dice.chance(0.7);
        let naive = faults.has(Fault::SourceDrift);
        let large = dice.chance(0.06);
        let slow = Slow::draw(seed, faults.has(Fault::SourceError) || naive);
        if !slow.find_takes.is_zero() || !slow.read_takes.is_zero() {
            // Nothing is pushed for minutes: a session that expires meanwhile is never completed.
            (answers.several_sessions, answers.expires) = (true, None);
        }
        // What a lost journal has known of accounts that are not shown yet, nobody knows.
        let lags = !faults.has(Fault::JournalLost) && dice.chance(0.3);
        Plan {
            seed,
            answers,
            names: Names::draw(seed),
            paging: if naive { Paging::Naive } else { paging },
            page: if large { dice.pick(&[30, 50]) } else { dice.pick(&[3, 5, 10]) },
            // Whom two reads in a row miss cannot be told from who has left, unless they are looked up.
            can_find: (can_find || naive || faults.has(Fault::SourceError)) && !slow.cannot_find,
            faults,
            lag: if lags { dice.millis(100, 20_000) } else { Duration::ZERO },
            people: if large { dice.between(100, 230) as u32 } else { dice.between(3, 40) as u32 },
            moves_every: dice.log_millis(if seasonal { 20_000 } else { 1_000 }, 40_000),
            tasks_every: dice.log_millis(2_000, 60_000),
            sync_every: dice.log_millis(8_000, if seasonal { 12_000 } else { 60_000 }),
            poll_every: dice.log_millis(1_000, 10_000),
            usual_limits: dice.chance(0.4) || seasonal,
            seasonal,
            inherited: dice.chance(0.1),
            from: if dice.chance(0.3) { Duration::ZERO } else { dice.millis(1_000, 40_000) },
            until,
            cron: slow.cron,
            read_takes: slow.read_takes,
            find_takes: slow.find_takes,
            tasks_go_on: slow.tasks_go_on,
            approves: if seasonal { 0.7 } else { dice.pick(&[0.0, 0.2, 0.2]) },
            journal_takes_time: dice.chance(0.5),
            tasks: !dice.chance(0.15),
        }
    }
}

impl Plan {
    /// How long a sync that is running when the quiet begins, and the one after it, take for lookups at most: everybody once, and
    /// once more before the session is completed, eight at a time. New people arrive meanwhile, so everybody counts twice.
    pub fn lookups_take(&self) -> Duration {
        self.find_takes * (4 * 2 * self.people).div_ceil(8)
    }
}

/// A system that takes its time.
#[derive(Clone, Copy, Debug, Default)]
struct Slow {
    cron: bool,
    read_takes: Duration,
    find_takes: Duration,
    cannot_find: bool,
    tasks_go_on: Duration,
}

impl Slow {
    /// With dice of their own, as for the names.
    fn draw(seed: u64, needs_find: bool) -> Self {
        let mut dice = Dice::new(seed, "slow");
        let (finds, reads, cron) = (dice.chance(0.04), dice.chance(0.04), dice.chance(0.04));
        let mut slow = Slow { cron: cron && CRON_IS_READY, ..Slow::default() };
        if finds && SLOW_FIND_IS_READY {
            // Ten minutes are soon over, whatever is looked up at a time.
            slow.find_takes = dice.log_millis(1_000, 400_000);
        } else if reads && !needs_find && SLOW_READ_IS_READY {
            slow.read_takes = dice.log_millis(1_000, 30_000);
            slow.cannot_find = true;
            slow.tasks_go_on = Duration::from_secs(20 * 60);
        }
        slow
    }
}

/// Whether the engines are ready for it, and it was tried.
const CRON_IS_READY: bool = true;
const SLOW_FIND_IS_READY: bool = true;
const SLOW_READ_IS_READY: bool = false;
const LETTERS_ARE_READY: bool = true;

impl Names {
    /// With dice of their own: other names change nothing else of a history.
    fn draw(seed: u64) -> Self {
        let mut dice = Dice::new(seed, "names");
        Names {
            second_types: dice.chance(0.3),
            style: if LETTERS_ARE_READY && dice.chance(0.5) { Style::Letters } else { Style::Shared },
        }
    }
}

impl Answers {
    fn draw(seed: u64, dice: &mut Dice) -> Self {
        let mut spelled = Dice::new(seed, "spelled");
        let several_sessions = !dice.chance(0.3);
        let expires = dice.chance(0.5).then(|| dice.millis(60_000, 600_000));
        Answers {
            several_sessions,
            complete_twice: dice.chance(0.5),
            complete_after_abandon: dice.chance(0.5),
            removes_newer: dice.chance(0.6),
            // One whose id was lost could never be ended otherwise.
            expires: if several_sessions { expires } else { expires.or(Some(Duration::from_secs(300))) },
            expired_is_gone: dice.chance(0.5),
            counts_distinct: dice.chance(0.5),
            folds_ids: dice.chance(0.5),
            trims_ids: LETTERS_ARE_READY && spelled.chance(0.5),
            composes_ids: LETTERS_ARE_READY && spelled.chance(0.5),
            keeps_tasks: dice.chance(0.3).then(|| dice.millis(10_000, 300_000)),
            closes_older: dice.chance(0.3),
            report_twice: dice.chance(0.5),
            abandon_after_complete: dice.chance(0.5),
            empties_unpushed: dice.chance(0.7),
            edges_end_at_once: dice.chance(0.5),
            clears_left_out: dice.chance(0.5),
            lists_companions: dice.chance(0.5),
            tasks_change_view: dice.chance(0.6),
            task_adds_memberships: dice.chance(0.5),
            cleanup: if dice.chance(0.4) { Duration::ZERO } else { dice.log_millis(100, 90_000) },
            says_processing: dice.chance(0.5),
            task_page: dice.pick(&[3, 10, 50, 100]),
            newest_task_first: dice.chance(0.3),
            cumulative_total: dice.chance(0.15),
        }
    }
}
