//! The end of a child process that has a process group of its own.

use std::{fs, os::unix::process::ExitStatusExt, time::Duration};

use tokio::{process::Child, time::timeout};

const SIGKILL: i32 = 9;
/// Long, for a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Kills it, and sees to it that nothing is left of it. Whether it was running until then.
pub async fn kill(process: &mut Child) -> bool {
    let pid = process.id().expect("nobody has waited for it");
    process.start_kill().unwrap();
    let ended = timeout(PATIENCE, process.wait()).await.expect("nobody survives that").unwrap();
    if cfg!(target_os = "linux") {
        assert!(fs::metadata(format!("/proc/{pid}")).is_err(), "the child is still there");
        assert_eq!(members(pid), [0; 0], "of the child's process group");
    }
    ended.signal() == Some(SIGKILL)
}

/// The processes of this group.
fn members(group: u32) -> Vec<u32> {
    let is_of_group = |pid: &u32| {
        // `pid (name) state parent group …`; the name may hold anything. A process that is gone by now is of no group.
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let after_name = stat.rsplit(')').next().unwrap_or_default();
        after_name.split_whitespace().nth(2) == Some(group.to_string().as_str())
    };
    let all = fs::read_dir("/proc").unwrap().filter_map(|entry| entry.unwrap().file_name().to_str()?.parse().ok());
    all.filter(is_of_group).collect()
}
