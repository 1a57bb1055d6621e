//! The kinds of faults, and which of them one history has.

use std::time::Duration;

use crate::dice::Dice;

macro_rules! faults {
    ($($name:ident: $from:literal .. $to:literal,)*) => {
        /// A kind of fault.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Fault { $($name,)* }

        impl Fault {
            pub const ALL: &[Fault] = &[$(Fault::$name,)*];

            /// Between which rates it is drawn: of the requests, journal entries, reads or handlers that it can befall.
            fn rates(self) -> (f64, f64) {
                match self { $(Fault::$name => ($from, $to),)* }
            }
        }
    };
}

// Reliability.md, section 5.
faults! {
    RefuseConnect: 0.002 .. 0.2,
    DropBeforeSend: 0.002 .. 0.1,
    LostResponse: 0.002 .. 0.2,
    LateApply: 0.002 .. 0.1,
    Duplicate: 0.002 .. 0.2,
    Delay: 0.002 .. 0.1,
    Reorder: 0.01 .. 0.3,
    Status500: 0.002 .. 0.2,
    Status502: 0.002 .. 0.2,
    Status503: 0.002 .. 0.1,
    Status429: 0.002 .. 0.1,
    Status401: 0.001 .. 0.01,
    SessionNotFound: 0.002 .. 0.05,
    SessionClosed: 0.01 .. 0.1,
    Status422: 0.002 .. 0.1,
    BadJson: 0.002 .. 0.1,
    Redirect: 0.002 .. 0.05,
    Outage: 0.1 .. 0.5,
    Crash: 0.0005 .. 0.01,
    DoubleCrash: 0.3 .. 0.9,
    Pause: 0.05 .. 0.5,
    ClockJump: 0.05 .. 0.5,
    JournalError: 0.001 .. 0.01,
    JournalLost: 0.1 .. 0.8,
    SourceDrift: 0.2 .. 1.0,
    SourceError: 0.02 .. 0.3,
    HandlerFault: 0.02 .. 0.4,
    // The world is different from what was written down. Drawn with dice of their own.
    OddError: 0.05 .. 1.0,
    OddAction: 0.02 .. 0.4,
    OddEnd: 0.02 .. 0.4,
    OnHold: 0.02 .. 0.4,
    OddList: 0.01 .. 1.0,
    UserPanic: 0.0005 .. 0.02,
    Respelled: 0.05 .. 0.5,
    Operator: 0.02 .. 0.4,
}

/// Kinds for which the engines are not ready yet: they do not happen.
const OFF: [Fault; 2] = [Fault::OddList, Fault::Respelled];

/// The rates of these kinds: each is there with this probability.
fn drawn(dice: &mut Dice, share: f64, of: &[Fault]) -> Vec<f64> {
    let mut rate = |fault: &Fault| {
        let (from, to) = fault.rates();
        let rate = from * (to / from).powf(dice.unit());
        if dice.chance(share) && !fault.is_off() { rate } else { 0.0 }
    };
    of.iter().map(&mut rate).collect()
}

impl Fault {
    /// Whether it never happens.
    pub fn is_off(self) -> bool {
        OFF.contains(&self)
    }

    pub fn position(self) -> usize {
        self as usize
    }

    pub fn named(name: &str) -> Option<Fault> {
        Fault::ALL.iter().copied().find(|fault| format!("{fault:?}") == name)
    }
}

/// The faults of one history: a set of its own, each with a rate of its own. The same low rates for all would never
/// exhaust anything.
#[derive(Clone, Debug)]
pub struct Faults {
    rates: Vec<f64>,
    /// When Iden cannot be reached.
    pub outages: Vec<(Duration, Duration)>,
    /// No connection is taken then: each call fails at once. Else some are answered, and some time out.
    pub outages_refuse: bool,
}

impl Faults {
    pub fn draw(seed: u64, until: Duration) -> Self {
        let mut dice = Dice::new(seed, "faults");
        // Few, some or nearly all of them.
        let share = dice.pick(&[0.0, 0.08, 0.2, 0.4, 0.7]);
        let (broken, odd) = Fault::ALL.split_at(Fault::OddError.position());
        let mut rates = drawn(&mut dice, share, broken);
        let mut odd_dice = Dice::new(seed, "odd");
        let odd_share = odd_dice.pick(&[0.0, 0.0, 0.15, 0.5]);
        rates.extend(drawn(&mut odd_dice, odd_share, odd));
        // Crashes are what most of this is about.
        if rates[Fault::Crash.position()] == 0.0 && dice.chance(0.3) {
            rates[Fault::Crash.position()] = 0.002;
        }
        let mut outages = Vec::new();
        let mut at = dice.millis(5_000, 60_000);
        while rates[Fault::Outage.position()] > 0.0 && at < until {
            let end = at + dice.log_millis(1_000, 60_000);
            outages.push((at, end));
            at = end + Duration::from_secs_f64(20.0 / rates[Fault::Outage.position()]).mul_f64(dice.unit() + 0.2);
        }
        Faults { rates, outages, outages_refuse: dice.chance(0.3) }
    }

    pub fn none() -> Self {
        Faults { rates: vec![0.0; Fault::ALL.len()], outages: Vec::new(), outages_refuse: false }
    }

    pub fn without(mut self, fault: Fault) -> Self {
        self.rates[fault.position()] = 0.0;
        if fault == Fault::Outage {
            self.outages.clear();
        }
        self
    }

    pub fn rate(&self, fault: Fault) -> f64 {
        self.rates[fault.position()]
    }

    pub fn has(&self, fault: Fault) -> bool {
        self.rate(fault) > 0.0
    }

    pub fn kinds(&self) -> impl Iterator<Item = Fault> + '_ {
        Fault::ALL.iter().copied().filter(|fault| self.has(*fault))
    }
}
