//! The simulation by hand, and for CI: `cargo run --profile simulation -p bridge-simulation -- --help`.

use std::{fs, io, path::PathBuf, process::ExitCode};

use bridge_simulation::{
    faults::{Fault, Faults},
    history::{history, of_seed},
    plan::Plan,
    reference, shards,
    stage::Cut,
};
use clap::{Parser, Subcommand};

/// From so many seeds on, every kind of fault must have happened.
const ENOUGH: u64 = 500;
/// And at least once in so many seeds.
const ONCE_IN: u64 = 50;

/// Both engines in a simulated world. Every history comes from one number, its seed. `docs/reliability.md` says what must hold.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Runs many seeds, and prints the figures
    Seeds {
        #[arg(long, default_value_t = 0)]
        from: u64,
        #[arg(long, default_value_t = 20_000)]
        count: u64,
        /// Processes at a time
        #[arg(long, default_value_t = 2)]
        jobs: usize,
        /// Writes the figures to this file, too
        #[arg(long)]
        report: Option<PathBuf>,
        /// Keeps what is done in this file, and goes on there
        #[arg(long)]
        ledger: Option<PathBuf>,
    },
    /// Prints one history, event by event
    Seed {
        seed: u64,
        /// Leaves these kinds of faults out
        #[arg(long, value_delimiter = ',', value_parser = fault)]
        without: Vec<Fault>,
        /// Dies at this point, too
        #[arg(long)]
        cut: Option<u64>,
    },
    /// Runs each seed twice: both histories must be the same
    Twice {
        #[arg(long, default_value_t = 0)]
        from: u64,
        #[arg(long, default_value_t = 1_000)]
        count: u64,
    },
    /// Runs the reference history with a crash at each of its points
    Cuts {
        #[arg(long, default_value_t = 4)]
        seed: u64,
        /// One point of so many
        #[arg(long, default_value_t = 1)]
        every: usize,
        /// Prints the history with a crash at this point alone
        #[arg(long)]
        at: Option<u64>,
    },
    /// Plants each bug, and looks whether its witness shows it
    #[cfg(feature = "planted-bugs")]
    Planted,
    /// Looks for witnesses, after a change of what seeds draw
    #[cfg(feature = "planted-bugs")]
    Hunt {
        /// Of these bugs alone
        #[arg(long, value_delimiter = ',')]
        only: Vec<String>,
        /// In seeds with this kind of fault alone
        #[arg(long, value_parser = fault)]
        having: Option<Fault>,
        /// For this invariant alone
        #[arg(long)]
        breaks: Option<u32>,
        #[arg(long, default_value_t = 0)]
        from: u64,
        #[arg(long, default_value_t = 1_000)]
        count: u64,
    },
    #[command(hide = true)]
    Shard { from: u64, to: u64 },
}

fn fault(name: &str) -> Result<Fault, String> {
    Fault::named(name).ok_or_else(|| format!("the kinds are {:?}", Fault::ALL))
}

/// Prints a history, event by event, and what it breaks. Whether that is nothing.
fn print_history(plan: Plan, cut: Option<Cut>) -> bool {
    println!("{plan:#?}");
    let outcome = history(plan, cut, true);
    for line in &outcome.lines {
        println!("{}", line.chars().take(400).collect::<String>());
    }
    println!("{:#?}", outcome.violations);
    outcome.violations.is_empty()
}

fn main() -> io::Result<ExitCode> {
    let holds = match Arguments::parse().what {
        What::Seeds { from, count, jobs, report, ledger } => {
            let figures = shards::run(&(from..from + count), jobs, ledger.as_deref())?;
            print!("{figures}");
            if let Some(path) = report {
                fs::write(path, figures.to_string())?;
            }
            let least = if figures.seeds < ENOUGH { 0 } else { figures.seeds / ONCE_IN };
            let rare = figures.rarer_than(least);
            if !rare.is_empty() {
                println!("these hardly happened: {rare:?}");
            }
            figures.failed.is_empty() && rare.is_empty()
        }
        What::Seed { seed, without, cut } => {
            let mut plan = Plan::draw(seed);
            plan.faults = without.into_iter().fold(plan.faults, Faults::without);
            print_history(plan, cut)
        }
        What::Twice { from, count } => {
            let differs = |seed: &u64| of_seed(*seed).figures() != of_seed(*seed).figures();
            let differ: Vec<u64> = (from..from + count).filter(differs).collect();
            println!("the seeds from {from} to {} twice; histories that differ: {differ:?}", from + count);
            differ.is_empty()
        }
        What::Cuts { seed, at: Some(at), .. } => print_history(reference::plan(seed), Some(at)),
        What::Cuts { seed, every, at: None } => {
            let (points, broken) = reference::cuts(seed, every);
            for (cut, outcome) in &broken {
                println!(
                    "a crash at point {cut}, again with `cuts --seed {seed} --at {cut}`: {:?}",
                    outcome.violations
                );
            }
            println!(
                "seed {seed}, a crash at each of {} of {points} points; broken: {}",
                points.div_ceil(every as u64),
                broken.len()
            );
            broken.is_empty()
        }
        #[cfg(feature = "planted-bugs")]
        What::Planted => {
            let unseen = bridge_simulation::witnesses::unseen();
            println!("{} bugs planted", bridge_runtime::planted::Bug::ALL.len());
            unseen.iter().for_each(|why| println!("{why}"));
            unseen.is_empty()
        }
        #[cfg(feature = "planted-bugs")]
        What::Hunt { only, having, breaks, from, count } => {
            let is_like = |seed: &u64| having.is_none_or(|fault| Plan::draw(*seed).faults.has(fault));
            let wanted = |bug: &&bridge_runtime::planted::Bug| only.is_empty() || only.contains(&format!("{bug:?}"));
            let bugs: Vec<_> = bridge_runtime::planted::Bug::ALL.iter().filter(wanted).collect();
            let mut found = 0;
            for bug in &bugs {
                match bridge_simulation::witnesses::hunt(**bug, breaks, (from..from + count).filter(is_like)) {
                    Some((seed, why)) => {
                        let invariant = why.split(':').next().unwrap_or_default();
                        println!(
                            "    (Bug::{bug:?}, {seed}, {invariant}), // {}",
                            why.chars().take(100).collect::<String>()
                        );
                        found += 1;
                    }
                    None => println!("    // Bug::{bug:?} is not found"),
                }
            }
            found == bugs.len()
        }
        What::Shard { from, to } => {
            println!("{}", serde_json::to_string(&shards::run_here(from..to))?);
            true
        }
    };
    Ok(if holds { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
