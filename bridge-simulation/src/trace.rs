//! A hash of everything that happens, in its order: two runs of one seed must have the same.

use std::{fmt::Display, time::Duration};

#[derive(Debug)]
pub struct Trace {
    hash: u64,
    events: u64,
    /// Every event as text, where somebody wants to read it.
    pub lines: Option<Vec<String>>,
}

impl Trace {
    pub fn new(keep: bool) -> Self {
        Trace { hash: 0xcbf2_9ce4_8422_2325, events: 0, lines: keep.then(Vec::new) }
    }

    pub fn note(&mut self, at: Duration, what: &str, detail: &[u8]) {
        self.events += 1;
        for part in [&at.as_nanos().to_le_bytes()[..], what.as_bytes(), detail] {
            // FNV-1a: the same on every machine and in every version of Rust.
            for byte in part {
                self.hash = (self.hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3);
            }
        }
        if let Some(lines) = &mut self.lines {
            lines.push(format!("{:>10.3} {what} {}", at.as_secs_f64(), String::from_utf8_lossy(detail)));
        }
    }

    pub fn say(&mut self, at: Duration, what: &str, detail: impl Display) {
        self.note(at, what, detail.to_string().as_bytes());
    }

    pub fn hash(&self) -> u64 {
        self.hash ^ self.events
    }

    pub fn events(&self) -> u64 {
        self.events
    }
}
