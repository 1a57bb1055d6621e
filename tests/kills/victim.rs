//! The program, to be killed.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant},
};

use tokio::process::Child;

use crate::{process_group, program::Program};

/// Long, for a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

pub struct Victim {
    process: Child,
    pid: u32,
    said: PathBuf,
}

impl Victim {
    pub fn start(program: &Program, arguments: &[&str]) -> Self {
        Victim::start_with(program, arguments, None)
    }

    /// `configuration`: a file of its own.
    pub fn start_with(program: &Program, arguments: &[&str], configuration: Option<&Path>) -> Self {
        let said = program.path("said");
        let mut command = program.command(arguments);
        command.process_group(0).stdin(Stdio::null()).stdout(Stdio::null()).stderr(File::create(&said).unwrap());
        command.envs(configuration.map(|path| ("BRIDGE_CONFIG", path)));
        let process = command.spawn().unwrap();
        let pid = process.id().unwrap();
        Victim { process, pid, said }
    }

    pub fn has_ended(&mut self) -> bool {
        self.process.try_wait().unwrap().is_some()
    }

    /// Waits until this is so, while it runs.
    pub async fn until(&mut self, what: &str, mut is_so: impl FnMut() -> bool) {
        let start = Instant::now();
        while !is_so() {
            if self.has_ended() {
                panic!("{what}: it has ended by itself: {}", fs::read_to_string(&self.said).unwrap());
            }
            let said = || fs::read_to_string(&self.said).unwrap();
            assert!(start.elapsed() < PATIENCE, "it never comes to this: {what}; it says: {}", said());
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// Waits without a pause, for what lasts a moment.
    pub fn at_once(&mut self, mut is_so: impl FnMut() -> bool) {
        let start = Instant::now();
        while !is_so() && start.elapsed() < PATIENCE {
            std::hint::spin_loop();
        }
    }

    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Kills it, and leaves nothing of it. Whether it was running.
    pub async fn kill(mut self) -> bool {
        // One that has been waited for is gone, and so is its id.
        if self.has_ended() {
            return false;
        }
        process_group::kill(&mut self.process).await
    }
}

/// Whether this process has a file of this name open.
pub fn has_open(pid: u32, name: &str) -> bool {
    let Ok(open) = fs::read_dir(format!("/proc/{pid}/fd")) else { return false };
    open.flatten().filter_map(|one| fs::read_link(one.path()).ok()).any(|path| path.ends_with(name))
}
