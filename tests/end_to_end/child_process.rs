//! This program as a child of itself, to be killed. A test that finds its orders in a variable is no test, but the child.

use std::{
    env,
    io::{BufRead, Write as _},
    process::Stdio,
    time::Duration,
};

use serde::{Serialize, de::DeserializeOwned};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    process::{self, ChildStdin, ChildStdout, Command},
    time::timeout,
};
use tokio_util::sync::CancellationToken;

use crate::process_group::kill;

const ORDERS: &str = "BRIDGE_TEST_CHILD";
/// Long, for a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);
/// Longer than any test takes: what a fault holds for so long is held for good.
pub const FOR_GOOD: Duration = Duration::from_secs(600);

/// What this process is told, if it is a child. It hears of its parent by the token, and does not outlive it.
pub fn orders<T: DeserializeOwned>() -> Option<(T, CancellationToken)> {
    let orders = env::var(ORDERS).ok()?;
    let go = CancellationToken::new();
    let told = go.clone();
    std::thread::spawn(move || {
        std::io::stdin().lock().lines().map_while(Result::ok).for_each(|_| told.cancel());
        // The parent is gone.
        std::process::exit(3);
    });
    Some((serde_json::from_str(&orders).unwrap(), go))
}

/// Tells the parent something.
pub fn say(what: &str) {
    println!("{what}");
    std::io::stdout().flush().unwrap();
}

/// A child, in a process group of its own.
pub struct Child {
    process: process::Child,
    lines: Lines<BufReader<ChildStdout>>,
    stdin: ChildStdin,
}

impl Child {
    /// Starts this program as that test.
    pub fn start(test: &str, orders: &impl Serialize) -> Self {
        let mut command = Command::new(env::current_exe().unwrap());
        command.args(["--exact", test, "--ignored", "--nocapture"]);
        command.env(ORDERS, serde_json::to_string(orders).unwrap());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).process_group(0).kill_on_drop(true);
        let mut process = command.spawn().unwrap();
        let (stdin, stdout) = (process.stdin.take().unwrap(), process.stdout.take().unwrap());
        Child { process, lines: BufReader::new(stdout).lines(), stdin }
    }

    /// Waits until it says so.
    pub async fn says(&mut self, what: &str) {
        let said = async { while !self.lines.next_line().await.unwrap().expect("the child goes on").contains(what) {} };
        timeout(PATIENCE, said).await.unwrap_or_else(|_| panic!("the child never says `{what}`"));
    }

    /// Waits until this is so, while the child runs.
    pub async fn until(&mut self, what: &str, mut is_so: impl FnMut() -> bool) {
        let reached = async {
            while !is_so() {
                assert_eq!(self.process.try_wait().unwrap(), None, "the child has ended by itself");
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        timeout(PATIENCE, reached).await.unwrap_or_else(|_| panic!("the child never comes to this: {what}"));
    }

    /// Tells it to go on.
    pub async fn go_on(&mut self) {
        self.stdin.write_all(b"go on\n").await.unwrap();
    }

    /// Kills it, and leaves nothing of it. It must have been running.
    pub async fn kill(mut self) {
        let killed = kill(&mut self.process).await;
        assert!(killed, "it had ended by itself before it was killed");
    }
}
