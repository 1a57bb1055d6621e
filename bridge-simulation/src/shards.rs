//! Many seeds, in several processes: SQLite's allocator is one for a process, and threads would wait for each other.
//!
//! Finished shards can be kept in a ledger, so that a run of many hours can go on after it was stopped.

use std::{
    collections::BTreeSet,
    fs::{self, File, OpenOptions},
    io::{self, Write},
    ops::Range,
    path::Path,
    process::{Command, Stdio},
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};

use crate::{history::of_seed, report::Report, trace::Trace};

/// How many seeds a process takes.
const SHARD: u64 = 500;
/// After so many broken seeds there is enough to look at.
const ENOUGH: usize = 20;
/// How often a long run says how far it is.
const SAY: Duration = Duration::from_secs(60);

/// A shard that is done.
#[derive(Serialize, Deserialize)]
struct Done {
    /// The program that has run it, with its engines and its oracle.
    fingerprint: u64,
    from: u64,
    to: u64,
    report: Report,
}

/// Runs these seeds one after the other, in this process.
#[must_use]
pub fn run_here(seeds: Range<u64>) -> Report {
    let start = Instant::now();
    let mut report = Report::default();
    for seed in seeds {
        report.add(seed, &of_seed(seed));
    }
    report.took = start.elapsed();
    report
}

/// Runs these seeds in `jobs` processes at a time. With a ledger, what stands there is not run again.
///
/// # Errors
/// A process cannot be started or says something else, or the ledger is of another program: of other engines, or of an
/// oracle that looks elsewhere.
pub fn run(seeds: &Range<u64>, jobs: usize, ledger: Option<&Path>) -> io::Result<Report> {
    let fingerprint = fingerprint_of(&fs::read(std::env::current_exe()?)?);
    let done = ledger.map_or(Ok(Vec::new()), |path| read(path, fingerprint))?;
    let ledger = ledger.map(|path| OpenOptions::new().create(true).append(true).open(path)).transpose()?;
    let known: BTreeSet<(u64, u64)> = done.iter().map(|one| (one.from, one.to)).collect();
    let shards: Vec<Range<u64>> = (seeds.start..seeds.end)
        .step_by(SHARD as usize)
        .map(|from| from..(from + SHARD).min(seeds.end))
        .filter(|shard| !known.contains(&(shard.start, shard.end)))
        .collect();
    let within = |one: &Done| seeds.start <= one.from && one.to <= seeds.end;
    let begun = done.into_iter().filter(within).fold(Report::default(), |all, one| all.and(one.report));
    let work = Work {
        shards: &shards,
        next: AtomicUsize::new(0),
        stops: AtomicBool::new(false),
        so_far: Mutex::new((begun, ledger, Instant::now())),
        fingerprint,
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..jobs.max(1)).map(|_| scope.spawn(|| work.take())).collect();
        workers.into_iter().try_for_each(|worker| worker.join().unwrap())
    })?;
    Ok(work.so_far.into_inner().unwrap().0)
}

struct Work<'a> {
    shards: &'a [Range<u64>],
    next: AtomicUsize,
    stops: AtomicBool,
    so_far: Mutex<(Report, Option<File>, Instant)>,
    fingerprint: u64,
}

impl Work<'_> {
    fn take(&self) -> io::Result<()> {
        while let Some(shard) = self.shards.get(self.next.fetch_add(1, Ordering::Relaxed)) {
            if self.stops.load(Ordering::Relaxed) {
                break;
            }
            let report = in_a_process(shard).inspect_err(|_| self.stops.store(true, Ordering::Relaxed))?;
            let mut so_far = self.so_far.lock().unwrap();
            let (all, ledger, said) = &mut *so_far;
            for (_, why) in &report.failed {
                println!("{why}");
            }
            if let Some(ledger) = ledger {
                let done =
                    Done { fingerprint: self.fingerprint, from: shard.start, to: shard.end, report: report.clone() };
                writeln!(ledger, "{}", serde_json::to_string(&done)?)?;
            }
            *all = std::mem::take(all).and(report);
            if all.failed.len() >= ENOUGH {
                self.stops.store(true, Ordering::Relaxed);
            }
            if said.elapsed() > SAY {
                *said = Instant::now();
                println!("{} seeds, {} broken", all.seeds, all.failed.len());
            }
        }
        Ok(())
    }
}

fn fingerprint_of(program: &[u8]) -> u64 {
    let mut trace = Trace::new(false);
    trace.note(Duration::ZERO, "program", program);
    trace.hash()
}

fn in_a_process(shard: &Range<u64>) -> io::Result<Report> {
    let mut child = Command::new(std::env::current_exe()?);
    child.args(["shard", &shard.start.to_string(), &shard.end.to_string()]);
    let output = child.stdin(Stdio::null()).stderr(Stdio::inherit()).output()?;
    let said = || format!("the seeds {shard:?}: {}, {}", output.status, String::from_utf8_lossy(&output.stdout));
    serde_json::from_slice(&output.stdout).map_err(|_| io::Error::other(said()))
}

fn read(path: &Path, fingerprint: u64) -> io::Result<Vec<Done>> {
    let text = match fs::read_to_string(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        text => text?,
    };
    // The last line may be half of one.
    let done: Vec<Done> = text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    if done.iter().any(|one| one.fingerprint != fingerprint) {
        let why = format!("{} is of another program: name another file", path.display());
        return Err(io::Error::other(why));
    }
    Ok(done)
}
