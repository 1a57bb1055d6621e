//! The connector that is measured, and its own account of what it took.

use std::{error::Error, fs, path::Path, time::Instant};

use iden_bridge::{client::ApiKey, prelude::*};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::process::Sync;

/// The slugs of its types.
pub const TYPES: [&str; 2] = ["team", "employee"];
/// How many teams there are.
pub const TEAMS: u32 = 50;

#[derive(BridgeResource)]
#[bridge(group)]
struct Team {
    id: u32,
    name: String,
}

#[derive(BridgeResource)]
#[bridge(account)]
struct Employee {
    id: u32,
    email: String,
    first_name: &'static str,
    display_name: String,
    #[bridge(memberships)]
    teams: Vec<Ref<Team>>,
}

/// So many employees, made while they are read. The same each time.
struct Generated(u32);

impl Source<Team> for Generated {
    async fn read(&self, out: &Out<Team>) -> Result<(), SourceError> {
        for id in 0..TEAMS {
            out.push(Team { id, name: format!("Team {id}") }).await;
        }
        Ok(())
    }
}

impl Source<Employee> for Generated {
    async fn read(&self, out: &Out<Employee>) -> Result<(), SourceError> {
        for id in 1..=self.0 {
            let (email, display_name) =
                (format!("p{id}@acme.example"), format!("Person number {id} of a large company"));
            let teams = [id, id + 7, id + 31].map(|team| Ref::new(team % TEAMS)).into();
            out.push(Employee { id, email, first_name: "Ada", display_name, teams }).await;
        }
        Ok(())
    }
}

/// Syncs once and says what that took.
#[tokio::main]
pub async fn run(url: &str, state: &Path, accounts: &str) -> Result<(), Box<dyn Error>> {
    let accounts = accounts.parse()?;
    let open = move |_: NoSettings| async move { Ok::<_, std::io::Error>(Generated(accounts)) };
    let connector = Connector::builder("Generated", open).resource::<Team>().resource::<Employee>().build()?;
    let target = iden_bridge::Target::new(url.parse()?, ApiKey::new("k")?, state);
    let connector = connector.attach(&target, json!({})).await?;
    let start = Instant::now();
    let report = connector.sync(&CancellationToken::new()).await?;
    let seconds = start.elapsed().as_secs_f64();
    let pushed: u64 = report.types.iter().map(|one| one.pushed).sum();
    if !report.completed || pushed != u64::from(accounts + TEAMS) {
        return Err(format!("{pushed} records were pushed; completed: {}", report.completed).into());
    }
    println!("{}", Sync { seconds, cpu_seconds: cpu_seconds()?, peak_kilobytes: peak_kilobytes()? });
    Ok(())
}

/// The most memory that this process had at once.
fn peak_kilobytes() -> Result<u64, Box<dyn Error>> {
    let status = fs::read_to_string("/proc/self/status")?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("there is no VmHWM")?;
    Ok(peak.trim().trim_end_matches(" kB").parse()?)
}

/// The processor time of this process, its own and the system's for it: the 14th and 15th figure, in hundredths.
fn cpu_seconds() -> Result<f64, Box<dyn Error>> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    // The second one is a name in parentheses, which can hold blanks.
    let (_, figures) = stat.rsplit_once(") ").ok_or("there is no name")?;
    let figures: Result<Vec<f64>, _> = figures.split(' ').skip(11).take(2).map(str::parse).collect();
    Ok(figures?.iter().sum::<f64>() / 100.0)
}
