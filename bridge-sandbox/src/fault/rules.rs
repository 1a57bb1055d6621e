use super::Fault;

/// A rule that was given to a sandbox.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FaultView {
    /// Rules are numbered in the order in which they were added.
    pub number: u64,
    /// The rule in words.
    pub rule: String,
    /// How many requests it still lets pass before it is in force.
    pub after: usize,
    /// How many requests it will still spoil. `None`: all.
    pub left: Option<usize>,
    /// How many requests it has spoilt.
    pub fired: usize,
}

/// The rules, in the order in which they were added.
pub(crate) struct Faults {
    seed: u64,
    rules: Vec<Rule>,
    next: u64,
}

struct Rule {
    number: u64,
    fault: Fault,
    fired: usize,
    /// How often its probability was asked.
    thrown: u64,
}

impl Faults {
    pub(crate) fn new(seed: u64) -> Self {
        Self { seed, rules: Vec::new(), next: 0 }
    }

    pub(crate) fn seed(&self) -> u64 {
        self.seed
    }

    pub(crate) fn add(&mut self, fault: Fault) {
        self.rules.push(Rule { number: self.next, fault, fired: 0, thrown: 0 });
        self.next += 1;
    }

    /// Says whether there was such a rule.
    pub(crate) fn remove(&mut self, number: u64) -> bool {
        let before = self.rules.len();
        self.rules.retain(|rule| rule.number != number);
        self.rules.len() < before
    }

    pub(crate) fn clear(&mut self) {
        self.rules.clear();
    }

    pub(crate) fn list(&self) -> Vec<FaultView> {
        let view = |rule: &Rule| FaultView {
            number: rule.number,
            rule: rule.fault.to_string(),
            after: rule.fault.after,
            left: (rule.fault.times != usize::MAX).then_some(rule.fault.times),
            fired: rule.fired,
        };
        self.rules.iter().map(view).collect()
    }

    /// The first rule in force for this request. Counts the request.
    pub(crate) fn pick(&mut self, method: &str, path: &str, body: &[u8]) -> Option<Fault> {
        let seed = self.seed;
        self.rules.iter_mut().filter(|rule| rule.fault.fits(method, path, body)).find_map(|rule| rule.meet(seed))
    }
}

impl Rule {
    /// What it does to the next request that fits.
    fn meet(&mut self, seed: u64) -> Option<Fault> {
        if self.fault.after > 0 {
            self.fault.after -= 1;
            return None;
        }
        if self.fault.times == 0 || !self.throw(seed) {
            return None;
        }
        if self.fault.times != usize::MAX {
            self.fault.times -= 1;
        }
        self.fired += 1;
        Some(self.fault.clone())
    }

    /// Asks the probability. Each rule has its own row of numbers, so that what meets one rule does not change another's.
    fn throw(&mut self, seed: u64) -> bool {
        if self.fault.probability >= 1.0 {
            return true;
        }
        self.thrown += 1;
        let drawn = mix(seed ^ mix(self.number).wrapping_add(self.thrown));
        // 53 bits: as many as a float between 0 and 1 can tell apart.
        ((drawn >> 11) as f64) / ((1_u64 << 53) as f64) < self.fault.probability
    }
}

/// The finaliser of SplitMix64: every bit of the number decides on every bit of the result.
fn mix(number: u64) -> u64 {
    let number = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(seed: u64, probability: f64) -> Vec<bool> {
        let mut faults = Faults::new(seed);
        faults.add(Fault::on("*", "/").probability(probability).answer(503, "busy"));
        (0..2_000).map(|_| faults.pick("GET", "/", b"").is_some()).collect()
    }

    #[test]
    fn a_seed_repeats_a_run_and_another_does_not() {
        assert_eq!(run(7, 0.5), run(7, 0.5));
        assert_ne!(run(7, 0.5), run(8, 0.5));
    }

    #[test]
    fn a_probability_spoils_about_so_many_requests() {
        for (probability, least, most) in [(0.0, 0, 0), (0.25, 400, 600), (1.0, 2_000, 2_000)] {
            let spoilt = run(1, probability).into_iter().filter(|spoilt| *spoilt).count();
            assert!((least..=most).contains(&spoilt), "{spoilt} of 2000 at {probability}");
        }
    }

    #[test]
    fn what_meets_one_rule_does_not_change_another() {
        let alone = run(3, 0.5);
        let mut faults = Faults::new(3);
        faults.add(Fault::on("GET", "/").probability(0.5).answer(503, "busy"));
        faults.add(Fault::on("PUT", "/").probability(0.5).answer(503, "busy"));
        let beside: Vec<_> = (0..2_000)
            .map(|_| {
                faults.pick("PUT", "/", b"");
                faults.pick("GET", "/", b"").is_some()
            })
            .collect();
        assert_eq!(beside, alone);
    }
}
