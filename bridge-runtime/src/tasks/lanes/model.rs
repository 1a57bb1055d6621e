//! The lanes beside a plain model of them.

use std::time::Duration;

use bridge_core::wire::TaskId;
use serde_json::json;

use super::{
    super::{
        pending::{Pending, seen},
        subject::Subject,
        testing::task,
    },
    Lanes, REPORTS_IN_VAIN,
};

/// So many tasks, of so many accounts.
const TASKS: u32 = 40;
const ACCOUNTS: u64 = 5;
/// So many may wait for something other than their turn.
const STUCK: usize = 3;

/// Drives the lanes and the model through the same steps. The bytes choose them; where they end, chance does, which they
/// seed.
pub(crate) fn drive(bytes: &[u8]) {
    let mut choices = Choices::of(bytes);
    let (mut lanes, mut model) = (Lanes::default(), Model::default());
    let mut coming: Vec<u32> = (1..=TASKS).collect();
    for step in 0.. {
        assert!(step < 20_000, "it never ends");
        if !coming.is_empty() && choices.next(3) > 0 {
            let number = coming.swap_remove(choices.at(coming.len()));
            model.come(&mut lanes, number, choices.next(ACCOUNTS) as u32, choices.next(4) == 0);
        }
        if step % 8 == 0 {
            model.check(&lanes);
        }
        match choices.next(8) {
            0..=3 => model.give_out(&mut lanes),
            4 => model.give_out_report(&mut lanes),
            5 => model.now += Duration::from_secs(choices.next(30)),
            6 => model.listen(&mut lanes, choices.next(3)),
            _ => {}
        }
        if !model.running.is_empty() && choices.next(2) == 0 {
            let task = model.running.swap_remove(choices.at(model.running.len()));
            model.come_back(&mut lanes, task, choices.next(10), choices.next(40));
        }
        if coming.is_empty() && !model.goes_on() && !model.wake(&mut lanes) {
            break;
        }
    }
    model.check(&lanes);
    assert!(lanes.entries.is_empty() && lanes.lanes.is_empty() && lanes.directory.is_empty(), "something is left");
    assert_eq!((lanes.ready(), lanes.next_due(), lanes.next_report().is_none()), (0, None, true));
}

/// What is done next.
struct Choices<'a> {
    bytes: std::slice::Iter<'a, u8>,
    seed: u64,
}

impl<'a> Choices<'a> {
    fn of(bytes: &'a [u8]) -> Self {
        let seed = bytes.iter().fold(0, |seed: u64, byte| seed.wrapping_mul(0x0100_0000_01B3) ^ u64::from(*byte));
        Choices { bytes: bytes.iter(), seed }
    }

    fn next(&mut self, sides: u64) -> u64 {
        if let Some(byte) = self.bytes.next() {
            return u64::from(*byte) % sides;
        }
        // SplitMix64.
        self.seed = self.seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.seed;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % sides
    }

    fn at(&mut self, length: usize) -> usize {
        usize::try_from(self.next(length as u64)).expect("it is below a length")
    }
}

/// What should be, by the plainest means.
#[derive(Default)]
struct Model {
    now: Duration,
    waiting: Vec<Waiting>,
    running: Vec<Running>,
    stuck: Vec<Stuck>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Of {
    id: TaskId,
    number: u32,
    account: u32,
    passes: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Waiting {
    of: Of,
    not_before: Duration,
}

#[derive(Debug)]
struct Running {
    of: Of,
    pending: Pending,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Stuck {
    of: Of,
    why: Why,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Why {
    Parked,
    Aside,
    /// Whether its report is to be sent again, and whether it was sent in vain so often that it is no hiccup any more.
    Unreported(bool, bool),
}

impl Model {
    fn come(&mut self, lanes: &mut Lanes, number: u32, account: u32, passes: bool) {
        let action = if passes { "suspend_account" } else { "update_account" };
        let task = task(number, action, json!({ "account": { "id": account.to_string() } }));
        let (id, pending) = (task.id, Pending::of(&seen(&task)));
        lanes.enter(&pending, &Subject::of(&seen(&task)));
        lanes.queue(pending);
        self.waiting.push(Waiting { of: Of { id, number, account, passes }, not_before: Duration::ZERO });
    }

    fn give_out(&mut self, lanes: &mut Lanes) {
        let Some(pending) = lanes.next(self.now) else {
            let could = self.waiting.iter().find(|task| self.may_run(**task));
            return assert_eq!(could, None, "it could run");
        };
        let at = self.waiting.iter().position(|task| task.of.id == pending.id());
        let task = self.waiting.remove(at.expect("only what waits is given out"));
        self.waiting.push(task);
        assert!(self.may_run(task), "{task:?} runs too early");
        self.waiting.pop();
        self.running.push(Running { of: task.of, pending });
    }

    fn give_out_report(&mut self, lanes: &mut Lanes) {
        let to_send: Vec<Of> =
            self.stuck.iter().filter(|task| matches!(task.why, Why::Unreported(true, _))).map(|task| task.of).collect();
        let first = to_send.into_iter().min_by_key(|of| of.number);
        let given = lanes.next_report();
        assert_eq!(given.as_ref().map(Pending::id), first.map(|of| of.id), "the report to be sent again");
        if let (Some(pending), Some(of)) = (given, first) {
            self.stuck.retain(|task| task.of != of);
            self.running.push(Running { of, pending });
        }
    }

    /// A poll, a reconnect, or a person.
    fn listen(&mut self, lanes: &mut Lanes, what: u64) {
        match what {
            0 => {
                lanes.take_from_aside();
                self.free(|why| why == Why::Aside);
            }
            1 => {
                lanes.resend();
                self.resend();
            }
            _ => {
                let Some(parked) = self.stuck.iter().find(|task| task.why == Why::Parked).copied() else { return };
                lanes.release(parked.of.id, |pending| pending);
                self.stuck.retain(|task| *task != parked);
                self.waiting.push(Waiting { of: parked.of, not_before: Duration::ZERO });
            }
        }
    }

    fn free(&mut self, which: impl Fn(Why) -> bool) {
        let (freed, kept): (Vec<Stuck>, Vec<Stuck>) = self.stuck.drain(..).partition(|task| which(task.why));
        self.stuck = kept;
        self.waiting.extend(freed.into_iter().map(|task| Waiting { of: task.of, not_before: Duration::ZERO }));
    }

    fn resend(&mut self) {
        for task in &mut self.stuck {
            if let Why::Unreported(again, _) = &mut task.why {
                *again = true;
            }
        }
    }

    fn come_back(&mut self, lanes: &mut Lanes, Running { of, mut pending }: Running, how: u64, seconds: u64) {
        let room = self.stuck.len() < STUCK;
        match how {
            0 if room => {
                lanes.park(pending);
                self.stuck.push(Stuck { of, why: Why::Parked });
            }
            1 if room => {
                lanes.set_aside(pending);
                self.stuck.push(Stuck { of, why: Why::Aside });
            }
            2 if room => {
                pending.reports += 1;
                let in_vain = pending.reports >= REPORTS_IN_VAIN;
                lanes.hold_report(pending);
                self.stuck.push(Stuck { of, why: Why::Unreported(false, in_vain) });
            }
            3 => {
                lanes.queue(pending);
                self.waiting.push(Waiting { of, not_before: Duration::ZERO });
            }
            4 => {
                let not_before = self.now + Duration::from_secs(seconds);
                lanes.delay(pending, not_before);
                self.waiting.push(Waiting { of, not_before });
            }
            _ => lanes.remove(pending.id()),
        }
    }

    /// Whose turn it is, of those that wait: one at a time, the oldest first. Behind a stuck one only those that pass, and
    /// nobody behind one whose report is merely late. One that waits for its time holds its account.
    fn may_run(&self, task: Waiting) -> bool {
        let of = task.of;
        let stuck = || self.stuck.iter().filter(|stuck| stuck.of.account == of.account);
        let late =
            stuck().filter(|stuck| matches!(stuck.why, Why::Unreported(_, false))).map(|stuck| stuck.of.number).min();
        let stuck = stuck().map(|stuck| stuck.of.number).min();
        let alone = self.running.iter().all(|running| running.of.account != of.account);
        let turn = |of: Of| {
            let passes = of.passes || stuck.is_none_or(|stuck| of.number < stuck);
            passes && late.is_none_or(|late| of.number < late)
        };
        let same = self.waiting.iter().filter(|other| other.of.account == of.account);
        let first = same.map(|other| other.of).filter(|of| turn(*of)).min_by_key(|of| of.number);
        alone && first == Some(of) && task.not_before <= self.now
    }

    /// Nobody is lost, and nobody is there twice.
    fn check(&self, lanes: &Lanes) {
        let (waiting, running) = (self.waiting.iter().map(|task| task.of), self.running.iter().map(|task| task.of));
        let mut here: Vec<TaskId> =
            waiting.chain(running).chain(self.stuck.iter().map(|task| task.of)).map(|of| of.id).collect();
        let mut there: Vec<TaskId> = lanes.ids().collect();
        here.sort_unstable();
        there.sort_unstable();
        assert_eq!(there, here);
        assert!(self.running.iter().all(|task| lanes.is_running(task.pending.id())));
        let count = |which: fn(Why) -> bool| self.stuck.iter().filter(|task| which(task.why)).count();
        let standing = lanes.standing();
        assert_eq!(standing.parked, count(|why| why == Why::Parked));
        assert_eq!(standing.unreported, count(|why| matches!(why, Why::Unreported(..))));
        assert_eq!(standing.waiting + standing.blocked + standing.parked + standing.unreported, here.len());
        let mut ready = self.waiting.iter().filter(|task| self.may_run(**task));
        // Those whose time came since the last one was given out stand among the later ones still.
        assert!(lanes.ready() > 0 || lanes.next_due().is_some_and(|due| due <= self.now) || ready.next().is_none());
    }

    fn goes_on(&self) -> bool {
        !self.running.is_empty() || self.waiting.iter().any(|task| self.may_run(*task))
    }

    /// Frees one thing that everything waits for. `false`: there is none.
    fn wake(&mut self, lanes: &mut Lanes) -> bool {
        if let Some(due) = lanes.next_due() {
            let of_model = self.waiting.iter().map(|task| task.not_before).filter(|at| *at > self.now).min();
            assert!(of_model.is_some_and(|at| at <= due), "{due:?} is nobody's time");
            self.now = due;
            return true;
        }
        let why = self.stuck.last().map(|task| task.why);
        match why {
            Some(Why::Parked) => self.listen(lanes, 2),
            Some(Why::Aside) => self.listen(lanes, 0),
            Some(Why::Unreported(..)) => {
                self.listen(lanes, 1);
                self.give_out_report(lanes);
            }
            None => assert_eq!(self.waiting, [], "they wait for nothing"),
        }
        why.is_some()
    }
}
