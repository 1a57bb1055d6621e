//! The promise to skip no row, against lists that move by chance.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
};

use bridge_core::SourceError;

use crate::{
    random::{Random, SystemRandom},
    source::{
        Out, Source,
        testing::{List, Team, read, slice},
    },
};

/// How many lists are read.
const SEEDS: u64 = 500;

/// A list that moves before each answer, by chance.
struct Moving {
    random: SystemRandom,
    rows: Vec<u32>,
    added: u32,
    gone: BTreeSet<u32>,
}

impl Moving {
    fn new(random: SystemRandom, len: usize) -> Self {
        Moving { random, rows: (0..len as u32).collect(), added: 1_000_000, gone: BTreeSet::new() }
    }

    /// A number below `end`.
    fn below(&self, end: usize) -> usize {
        (self.random.unit() * end as f64) as usize
    }

    /// Up to `most` rows go, and up to `most` come; together or scattered.
    fn stir(&mut self, most: usize) {
        let (goes, comes) = (self.below(most + 1), self.below(most + 1));
        let together = self.random.unit() < 0.5;
        let mut at = self.below(self.rows.len() + 1);
        for change in 0..goes + comes {
            if !together {
                at = self.below(self.rows.len() + 1);
            }
            if change < comes {
                self.rows.insert(at, self.added);
                self.added += 1;
            } else if at < self.rows.len() {
                self.gone.insert(self.rows.remove(at));
            }
        }
    }
}

/// The reader that one would write by hand: from row to row, without overlap, until nothing comes.
struct Naive<A>(List<A>);

impl<A> Source<Team> for Naive<A>
where
    A: Fn(usize, usize, usize) -> Result<Vec<Team>, SourceError> + Send + Sync + 'static,
{
    async fn read(&self, out: &Out<Team>) -> Result<(), SourceError> {
        let mut offset = 0;
        loop {
            let rows = (self.0.answer)(0, offset, self.0.limit)?;
            if rows.is_empty() {
                return Ok(());
            }
            offset += rows.len();
            for row in rows {
                out.push(row).await;
            }
        }
    }
}

/// One read of a moving list.
#[derive(Debug)]
struct Seen {
    end: Result<(), String>,
    /// Rows that were there all the time, and were not pushed.
    skipped: Vec<u32>,
    twice: usize,
}

/// Reads a list of chance that moves by up to `stir` times the page before each answer.
async fn read_moving(seed: u64, stir: f64, naive: bool) -> Seen {
    let random = SystemRandom::seeded(seed);
    let draw = |from: usize, to: usize| from + (random.unit() * (to - from) as f64) as usize;
    let (limit, len) = (draw(4, 40), draw(30, 400));
    let cap = if random.unit() < 0.3 { draw(4, 20) } else { limit };
    let most = (limit.min(cap) as f64 * stir).ceil() as usize;
    let moving = Arc::new(Mutex::new(Moving::new(random, len)));
    let list = List::new(limit, {
        let moving = Arc::clone(&moving);
        move |_, offset, limit: usize| {
            let mut moving = moving.lock().unwrap();
            moving.stir(most);
            Ok(slice(&moving.rows, offset, limit.min(cap)))
        }
    });
    let (ids, end) = if naive { read(&Naive(list)).await } else { read(&list).await };
    let pushed: BTreeSet<u32> = ids.iter().copied().collect();
    let gone = &moving.lock().unwrap().gone;
    let skipped = (0..len as u32).filter(|id| !gone.contains(id) && !pushed.contains(id)).collect();
    Seen { end, skipped, twice: ids.len() - pushed.len() }
}

#[tokio::test]
async fn of_a_moving_list_no_row_is_skipped() {
    for seed in 0..SEEDS {
        let seen = read_moving(seed, 0.2, false).await;
        assert!(seen.end.is_ok() && seen.skipped.is_empty() && seen.twice == 0, "seed {seed}: {seen:?}");
    }
}

#[tokio::test]
async fn of_a_list_that_moves_by_pages_no_row_is_skipped_unless_the_read_fails() {
    let mut failed = 0;
    for seed in 0..SEEDS {
        let seen = read_moving(seed, 3.0, false).await;
        assert!(seen.end.is_err() || seen.skipped.is_empty(), "seed {seed}: {seen:?}");
        failed += u64::from(seen.end.is_err());
    }
    // Both happen: neither half of the assertion is empty.
    assert!((SEEDS / 20..SEEDS / 20 * 19).contains(&failed), "{failed} of {SEEDS} reads failed");
}

#[tokio::test]
async fn without_an_overlap_rows_are_skipped() {
    let mut lost = 0;
    for seed in 0..SEEDS {
        let seen = read_moving(seed, 0.2, true).await;
        lost += u64::from(seen.end.is_ok() && !seen.skipped.is_empty());
    }
    assert!(lost > SEEDS / 2, "only {lost} of {SEEDS} reads skipped a row: the test above proves little");
}
