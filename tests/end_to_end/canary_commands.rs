//! What the commands print and log, with the same secrets planted: in processes of their own, whose whole output is read.

use std::{
    ffi::OsString,
    process::{ExitCode, Output, Stdio},
    time::Duration,
};

use bridge_sandbox::Sandbox;
use iden_bridge::{Connector, prelude::*};
use serde_json::json;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::Command,
    time::timeout,
};

use crate::{
    canary_handlers::{FIRST, GIVEN, KEY, NEW, RESET, SALARY, TOKEN, task, tasks},
    canary_search::Haystack,
    company::{Company, Employee, Hr, NAME, Seat, Stage, Team},
    scrape::fetch,
};

const ORDERS: &str = "BRIDGE_TEST_COMMAND";

/// The command line of a connector: how many people its company has, and the arguments.
#[tokio::test]
#[ignore = "no test: the child of the one below"]
async fn child() {
    let Ok(orders) = std::env::var(ORDERS) else { return };
    let (people, arguments): (u32, Vec<OsString>) = {
        let (people, arguments): (u32, Vec<String>) = serde_json::from_str(&orders).unwrap();
        (people, arguments.into_iter().map(OsString::from).collect())
    };
    let company = Company::of(people);
    company.gain([NEW]);
    let open = move |_: NoSettings| async move { Ok::<_, std::io::Error>(Hr(company)) };
    let builder = Connector::builder(NAME, open).resource::<Employee>().resource::<Team>().resource::<Seat>();
    let code = builder.tasks(tasks()).main_from(std::iter::once("hr".into()).chain(arguments)).await;
    std::process::exit(i32::from(code != ExitCode::SUCCESS));
}

struct Commands<'a> {
    stage: &'a Stage,
    found: Haystack,
    logs: Haystack,
}

impl Commands<'_> {
    /// What it prints. All of it is kept.
    async fn run(&mut self, people: u32, arguments: &str) -> String {
        let Output { stdout, stderr, .. } = self.command(people, arguments).output().await.unwrap();
        self.found.add(format!("output of `{arguments}`"), &stdout);
        self.logs.add(format!("log of `{arguments}`"), &stderr);
        self.found.add_files(&format!("after `{arguments}`"), self.stage.state.path());
        assert!(String::from_utf8_lossy(&stderr).contains("TRACE") || !arguments.starts_with("sync"), "it logs all");
        String::from_utf8(stdout).unwrap()
    }
}

impl Commands<'_> {
    fn command(&self, people: u32, arguments: &str) -> Command {
        let words: Vec<&str> = arguments.split(' ').collect();
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "canary_commands::child", "--ignored", "--nocapture"]);
        command.env(ORDERS, serde_json::to_string(&(people, words)).unwrap());
        command.env("BRIDGE_URL", self.stage.sandbox.base_url()).env("BRIDGE_API_KEY", KEY.text);
        command.env("BRIDGE_STATE_DIR", self.stage.state.path()).env("BRIDGE_LOG", "trace").stdin(Stdio::null());
        command
    }

    /// What it serves while it runs, once a sync and a poll have ended in the way that `ready` has it.
    async fn serve(&mut self, people: u32, format: &str, ready: &str) {
        let mut command = self.command(people, &format!("run --listen 127.0.0.1:0 --log-format {format}"));
        let mut running = command.stderr(Stdio::piped()).stdout(Stdio::null()).kill_on_drop(true).spawn().unwrap();
        let mut lines = BufReader::new(running.stderr.take().unwrap()).lines();
        let (mut log, mut address) = (String::new(), None);
        while address.is_none() {
            let line = lines.next_line().await.unwrap().expect("it serves");
            address = line.split_once("serving http://").map(|(_, rest)| rest.split('/').next().unwrap().to_owned());
            log += &line;
        }
        let address = address.unwrap();
        loop {
            let (_, _, status) = fetch(&address, "GET", "/status").await;
            if status.contains(ready) {
                break;
            }
            // Its log is read, so that it does not wait for us.
            if let Ok(line) = timeout(Duration::from_millis(20), lines.next_line()).await {
                log += &line.unwrap().expect("it goes on");
            }
        }
        for path in ["/livez", "/readyz", "/metrics", "/status"] {
            let (_, _, body) = fetch(&address, "GET", path).await;
            self.found.add(format!("{path} when {ready}"), body);
        }
        running.start_kill().unwrap();
        while let Some(line) = lines.next_line().await.unwrap() {
            log += &line;
        }
        running.wait().await.unwrap();
        self.logs.add(format!("log of `run` when {ready}"), log);
    }
}

#[tokio::test]
async fn no_command_prints_or_logs_a_secret() {
    let stage = Stage::on(Sandbox::builder().api_key(KEY.text), 0).await;
    let mut commands = Commands { stage: &stage, found: Haystack::default(), logs: Haystack::default() };
    assert!(commands.run(20, "sync --json").await.contains(r#""completed": true"#));
    let app = stage.app();
    let create = app.queue(task("create_account", &json!({"email": "new@acme.example"})));
    let of = |action: &str, number: u32| app.queue(task(action, &json!({"id": number.to_string()})));
    let shown = [
        create,
        of("reset_password", 1),
        of("update_account", 2),
        of("suspend_account", 3),
        of("unsuspend_account", 4),
    ];
    assert!(commands.run(20, "tasks list --json").await.contains(&shown[0].to_string()));
    commands.run(20, "tasks list").await;
    commands.run(20, "tasks run --once --json").await;
    commands.run(20, "tasks --once").await;
    app.assert_task_completed(create);
    app.assert_task_completed(shown[1]);
    commands.run(20, "tasks list --json").await;
    for id in shown {
        assert!(commands.run(20, &format!("tasks show {id} --json")).await.contains(&id.to_string()));
        commands.run(20, &format!("tasks show {id}")).await;
    }
    commands.run(8, "sync").await;
    let plan = commands.run(8, "plan --json").await;
    commands.run(8, "plan").await;
    assert!(commands.run(8, "status --json").await.contains(NAME));
    commands.run(8, "status").await;
    let hash = plan.split(r#""hash": ""#).nth(1).and_then(|rest| rest.split('"').next()).expect("a plan has a hash");
    commands.run(8, &format!("approve {hash} --reason gone")).await;
    assert!(commands.run(8, "sync --json").await.contains(r#""completed": true"#));
    stage.sandbox.revoke_key();
    commands.run(8, "sync --json").await;
    commands.run(8, "tasks --once").await;
    commands.run(8, "doctor").await;
    commands.serve(8, "text", r#""doing": "failed""#).await;
    stage.sandbox.add_key(KEY.text);
    commands.run(8, "doctor --json").await;
    commands.serve(8, "json", r#""doing": "waiting""#).await;
    assert!(commands.found.has("/metrics when"));

    // The foreign error is for the log, and for nothing else.
    let leaks = commands.logs.leaks(&[KEY, RESET, FIRST, GIVEN, SALARY]);
    assert_eq!(leaks, []);
    assert_eq!(commands.found.leaks(&[KEY, RESET, FIRST, GIVEN, SALARY, TOKEN]), []);
    assert!(!commands.logs.leaks(&[TOKEN]).is_empty(), "the search finds what is there");
}
