//! The figures, side by side.

use crate::{DELAY, IN_FLIGHT, connector::TEAMS, process::Sync};

/// Records in a page, at most.
const PAGE: u32 = 100;

/// One sync.
pub struct Row {
    pub name: &'static str,
    pub records: u32,
    pub peak_megabytes: f64,
    pages: u32,
    seconds: f64,
    cpu_seconds: f64,
}

impl Row {
    pub fn new(name: &'static str, accounts: u32, sync: &Sync) -> Self {
        Row {
            name,
            records: accounts + TEAMS,
            peak_megabytes: sync.peak_kilobytes as f64 / 1000.0,
            pages: accounts.div_ceil(PAGE) + TEAMS.div_ceil(PAGE),
            seconds: sync.seconds,
            cpu_seconds: sync.cpu_seconds,
        }
    }

    /// What the answers alone take, in seconds.
    fn ideal(&self) -> f64 {
        f64::from(self.pages) * DELAY.as_secs_f64() / f64::from(IN_FLIGHT)
    }

    /// How much longer it took than that.
    pub fn ratio(&self) -> f64 {
        self.seconds / self.ideal()
    }
}

pub fn print(rows: &[Row]) {
    println!("sync   records  pages  seconds  ideal  ratio  CPU seconds  peak MB");
    for row in rows {
        let Row { name, records, pages, seconds, cpu_seconds, peak_megabytes } = row;
        let (ideal, ratio) = (row.ideal(), row.ratio());
        println!(
            "{name:6} {records:7}  {pages:5}  {seconds:7.2}  {ideal:5.2}  {ratio:5.2}  {cpu_seconds:11.2}  {peak_megabytes:7.1}"
        );
    }
}
