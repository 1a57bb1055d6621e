//! This program again, as a server or as a connector.

use std::{
    env,
    error::Error,
    fmt,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    str::FromStr,
};

/// What one sync took, as its process says it.
pub struct Sync {
    pub seconds: f64,
    pub cpu_seconds: f64,
    pub peak_kilobytes: u64,
}

impl fmt::Display for Sync {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.seconds, self.cpu_seconds, self.peak_kilobytes)
    }
}

impl FromStr for Sync {
    type Err = Box<dyn Error>;

    fn from_str(line: &str) -> Result<Self, Self::Err> {
        let [seconds, cpu, peak] = line.split_whitespace().collect::<Vec<_>>()[..] else {
            return Err(format!("three figures were expected, not `{line}`").into());
        };
        Ok(Sync { seconds: seconds.parse()?, cpu_seconds: cpu.parse()?, peak_kilobytes: peak.parse()? })
    }
}

/// The server, as long as this lives.
pub struct Server {
    process: Child,
    url: String,
}

impl Server {
    pub fn start() -> Result<Self, Box<dyn Error>> {
        let mut command = Command::new(env::current_exe()?);
        let mut process = command.arg("serve").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let mut port = String::new();
        BufReader::new(process.stdout.take().ok_or("the server has no output")?).read_line(&mut port)?;
        Ok(Server { process, url: format!("http://127.0.0.1:{}/org/acme", port.trim()) })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It ends with its input.
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}

/// Syncs so many accounts in a fresh process.
pub fn sync(server: &Server, state: &Path, accounts: u32) -> Result<Sync, Box<dyn Error>> {
    let mut command = Command::new(env::current_exe()?);
    command.arg("sync").arg(&server.url).arg(state).arg(accounts.to_string());
    let done = command.stderr(Stdio::inherit()).output()?;
    if !done.status.success() {
        return Err(format!("the sync of {accounts} accounts failed").into());
    }
    String::from_utf8(done.stdout)?.parse()
}
