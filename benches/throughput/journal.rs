//! The journal alone: how long it takes to judge a page.

use std::{
    error::Error,
    time::{Duration, Instant},
};

use iden_bridge::{
    journal::{EdgeKey, ScanEnd, ScanJournal, ScanMode, Seen, SqliteJournal},
    wire::Kind,
};

const PAGES: u32 = 200;
const RECORDS: u32 = 100;
const EDGES: u32 = 5;
const TEAMS: u32 = 50;

/// Prints it for a page of new records, and for the same page in the next scan.
#[tokio::main]
pub async fn measure() -> Result<(), Box<dyn Error>> {
    let directory = tempfile::tempdir()?;
    let journal = SqliteJournal::open(directory.path())?;
    let new = scan(&journal).await?;
    let same = scan(&journal).await?;
    println!("journal, a page of {RECORDS} records with {EDGES} edges each: {new:.2?} if new, {same:.2?} if the same");
    Ok(())
}

/// The time for one page, on average over a whole scan.
async fn scan(journal: &SqliteJournal) -> Result<Duration, Box<dyn Error>> {
    journal.begin_scan(ScanMode::Push).await?;
    let teams = (0..TEAMS).map(|team| seen(team, Vec::new())).collect();
    journal.see("team", Kind::Group, teams).await?;
    let mut taken = Duration::ZERO;
    for page in 0..PAGES {
        let edges =
            |id: u32| (0..EDGES).map(|edge| EdgeKey::of("team", &((id + 7 * edge) % TEAMS).to_string())).collect();
        let records = (page * RECORDS..(page + 1) * RECORDS).map(|id| seen(id, edges(id))).collect();
        let start = Instant::now();
        journal.see("employee", Kind::Account, records).await?;
        taken += start.elapsed();
    }
    journal.end_scan(ScanEnd::Kept, jiff::Timestamp::now()).await?;
    Ok(taken / PAGES)
}

fn seen(id: u32, edges: Vec<EdgeKey>) -> Seen {
    Seen { id: id.to_string(), status: None, edges, fingerprint: id.into(), folded: id.into(), logins: [None; 2] }
}
