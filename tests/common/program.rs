//! An example as a child process.

use std::{
    env, io,
    path::PathBuf,
    process::{Output, Stdio},
    time::Duration,
};

use bridge_sandbox::Sandbox;
use serde_json::Value;
use tempfile::TempDir;
use tokio::{
    process::{Child, Command},
    time::timeout,
};

/// An example in a directory of its own, deaf to the settings of whoever runs the test.
pub struct Program {
    name: &'static str,
    home: TempDir,
    settings: Vec<(&'static str, PathBuf)>,
}

/// How a program ended.
pub struct Ended {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Program {
    pub fn new(name: &'static str) -> Self {
        Program { name, home: TempDir::new().unwrap(), settings: Vec::new() }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    pub fn set(mut self, variable: &'static str, value: impl Into<PathBuf>) -> Self {
        self.settings.push((variable, value.into()));
        self
    }

    /// Where Iden is.
    pub fn facing(self, sandbox: &Sandbox) -> Self {
        let state = self.path("state");
        self.set("BRIDGE_URL", sandbox.base_url())
            .set("BRIDGE_API_KEY", sandbox.api_key())
            .set("BRIDGE_STATE_DIR", state)
    }

    pub async fn run(&self, arguments: &[&str]) -> Ended {
        Ended::of(self.command(arguments).output()).await
    }

    /// Starts it and goes on. The process ends with the value, if not before.
    pub fn start(&self, arguments: &[&str]) -> Child {
        self.command(arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    }

    /// The same, to hear what it says in the end: see [`heard`].
    pub fn start_aloud(&self, arguments: &[&str]) -> Child {
        self.command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        // This test is target/…/deps/…, the programs are target/…/examples/….
        let this = env::current_exe().unwrap();
        let directory = this.ancestors().nth(2).unwrap().join("examples");
        let program = directory.join(self.name).with_extension(env::consts::EXE_EXTENSION);
        assert!(program.exists(), "{} is not there: run `cargo build --examples` first", program.display());

        let ours = ["BRIDGE_", "ACME_HR_", "CSV_FOLDER", "LDAP_", "LINUX_HOST_", "REGIONS_", "REST_PAGED_"];
        let mut command = Command::new(program);
        for (name, _) in env::vars_os() {
            if ours.iter().any(|prefix| name.to_string_lossy().starts_with(prefix)) {
                command.env_remove(name);
            }
        }
        // A place of its own for what would go to the user's home.
        command.env("HOME", self.home.path()).env_remove("XDG_STATE_HOME").env_remove("STATE_DIRECTORY");
        command.args(arguments).envs(self.settings.iter().map(|(name, value)| (name, value)));
        command.current_dir(self.home.path()).kill_on_drop(true);
        command
    }
}

/// Waits for the end of a program that was started aloud.
pub async fn heard(running: Child) -> Ended {
    Ended::of(running.wait_with_output()).await
}

#[cfg(unix)]
pub fn signal(running: &Child, name: &str) {
    let pid = running.id().expect("it runs").to_string();
    assert!(std::process::Command::new("kill").args(["-s", name, &pid]).status().unwrap().success());
}

impl Ended {
    async fn of(output: impl Future<Output = io::Result<Output>>) -> Self {
        let output = timeout(Duration::from_secs(60), output).await.expect("it ends by itself").unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Ended { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    #[track_caller]
    pub fn ok(self) -> Self {
        assert_eq!(self.code, Some(0), "\n--- stdout\n{}\n--- stderr\n{}", self.stdout, self.stderr);
        self
    }

    /// What it printed as JSON.
    #[track_caller]
    pub fn json(self) -> Value {
        let ended = self.ok();
        serde_json::from_str(&ended.stdout).unwrap_or_else(|error| panic!("{error} in:\n{}", ended.stdout))
    }
}
