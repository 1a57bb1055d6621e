//! `--json`: standard output is one JSON document, whatever becomes of the command.

use std::{fs, time::Duration};

use bridge_sandbox::{Fault, NewTask, Sandbox};
use serde_json::{Value, json};
use tokio::{io::AsyncReadExt as _, time::timeout};

use crate::program::{Ended, Program};

const NOBODY: &str = "0b9e6a5c-3f0e-4d53-9b52-0d2f6f1f4a11";

/// Each command that prints JSON, as a person would write it.
const COMMANDS: [&str; 16] = [
    "sync --json",
    "sync --now --json",
    "plan --json",
    "tasks --once --json",
    "tasks run --once --json",
    "tasks run --now --json",
    "tasks list --json",
    "tasks show 0b9e6a5c-3f0e-4d53-9b52-0d2f6f1f4a11 --json",
    "tasks retry 0b9e6a5c-3f0e-4d53-9b52-0d2f6f1f4a11 --json",
    "approve 000000000000 --reason x --json",
    "status --json",
    "doctor --json",
    "schema",
    "dev --json",
    "dev --once --json",
    "regions: sync --json",
];

async fn run(program: &Program, line: &str) -> Ended {
    program.run(&line.split(' ').collect::<Vec<_>>()).await
}

/// The document of a command that fails.
#[track_caller]
fn failed(ended: &Ended, line: &str) -> Value {
    assert_ne!(ended.code, Some(0), "{line}");
    assert!(ended.stderr.contains("error:") || line.starts_with("doctor"), "a person is told, too: {line}");
    serde_json::from_str(&ended.stdout).unwrap_or_else(|error| panic!("{line}: {error} in: {}", ended.stdout))
}

/// The commands that a help lists.
async fn commands(program: &Program, line: &str) -> Vec<String> {
    let help = run(program, line).await.ok().stdout;
    let list = help.split_once("Commands:\n").unwrap().1;
    let names = list.lines().take_while(|line| !line.is_empty()).filter_map(|line| line.strip_prefix("  "));
    let names = names.filter(|line| !line.starts_with(' ')).map(|line| line.split(' ').next().unwrap().to_owned());
    names.filter(|name| name != "help").collect()
}

#[tokio::test]
async fn every_command_with_a_result_prints_json() {
    let program = Program::new("quickstart");
    let listed = |names: Vec<String>, before: &str| {
        // `run` goes on until it is told to stop, and what it says is its log; a script of a shell is no JSON.
        let without = |name: &String| !matches!(&**name, "run" | "completions") || before == "tasks ";
        for name in names.iter().filter(|name| without(name)) {
            let command = format!("{before}{name}");
            assert!(COMMANDS.iter().any(|line| line.starts_with(&command)), "`{command}` is proven below");
        }
        assert!(names.len() > 3, "{names:?}");
    };
    listed(commands(&program, "--help").await, "");
    listed(commands(&program, "tasks --help").await, "tasks ");
}

#[tokio::test]
async fn a_command_that_fails_prints_why_and_its_exit_code_as_json() {
    let (program, regions) = (Program::new("quickstart"), Program::new("regions"));
    for program in [&program, &regions] {
        fs::write(program.path("bridge.toml"), "sink_every = \"5m\"\n").unwrap();
    }
    for line in COMMANDS {
        let (program, line) = line.strip_prefix("regions: ").map_or((&program, line), |line| (&regions, line));
        let ended = run(program, line).await;
        assert_eq!(ended.code, Some(78), "{line}: {}", ended.stderr);
        let document = failed(&ended, line);
        if line.starts_with("doctor") {
            assert_eq!(document["ok"], false, "it finds what is wrong: {document:#}");
            continue;
        }
        assert_eq!(document["exit_code"], 78, "{line}");
        assert!(document["error"].as_str().unwrap().contains("sink_every"), "{line}: {document:#}");
    }
}

#[tokio::test]
async fn a_command_that_succeeds_prints_nothing_but_its_result() {
    let sandbox = Sandbox::start().await.unwrap();
    let program = Program::new("quickstart").facing(&sandbox);
    assert_eq!(run(&program, "sync --json").await.json()["completed"], true);
    let task = sandbox.apps()[0].queue(NewTask::new("suspend_account", "employee").account(json!({"id": "1"})));
    assert_eq!(run(&program, "tasks list --json").await.json()[0]["id"], task.to_string());
    assert_eq!(run(&program, "tasks run --once --json").await.json()["pending"], 1);
    assert_eq!(run(&program, "tasks --once --json").await.json()["pending"], 0);
    assert_eq!(run(&program, &format!("tasks show {task} --json")).await.json()["state"], "reported");
    assert_eq!(run(&program, "status --json").await.json()["name"], "Quickstart");
    assert_eq!(run(&program, "schema").await.json()["app"], "Quickstart");
    assert_eq!(run(&program, "doctor --json").await.json()["ok"], true);

    let hash = run(&program, "plan --json").await.json()["hash"].as_str().unwrap().to_owned();
    let approved = run(&program, &format!("approve {hash} --reason inventory --json")).await.json();
    assert_eq!((&approved["app"], &approved["lets_through"]["hash"]), (&json!("Quickstart"), &json!(hash)));
    assert_eq!(approved["approval"]["reason"], "inventory");

    let _running = program.start(&["run"]);
    let at_work = async {
        while run(&program, "status --json").await.json()["running"] != true {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(Duration::from_secs(30), at_work).await.expect("it runs");
    let asked = run(&program, "sync --now --json").await.json();
    assert_eq!(asked, json!({"app": "Quickstart", "asked": "sync"}));
    let asked = run(&program, "tasks run --now --json").await.json();
    assert_eq!(asked, json!({"app": "Quickstart", "asked": "tasks"}));
}

#[tokio::test]
async fn the_schema_shows_fields_links_and_the_policy_of_each_handler() {
    let schema = Program::new("acme_hr").run(&["schema"]).await.json();
    let of = |list: &str, key: &str, value: &str| {
        let found = schema[list].as_array().unwrap().iter().find(|one| one[key] == value);
        found.unwrap_or_else(|| panic!("no {value} in {schema:#}")).clone()
    };
    let employee = of("resource_types", "slug", "employee");
    let fields = employee["fields"].as_array().unwrap();
    assert!(fields[0] == "id" && fields.contains(&json!("email")) && fields.contains(&json!("status")), "{employee}");
    assert_eq!((&employee["memberships"], &employee["assignments"]), (&json!(["team"]), &json!(["seat"])));
    let suspend = of("tasks", "action", "suspend_account");
    assert_eq!(suspend["resource_type"], "employee");
    for key in ["handler", "kind", "timeout_ms", "max_attempts"] {
        assert!(!suspend[key].is_null(), "{key} in {suspend}");
    }
}

#[tokio::test]
async fn what_happens_to_one_app_stands_beside_how_far_it_came() {
    let sandbox = Sandbox::start().await.unwrap();
    let program = Program::new("quickstart").facing(&sandbox);
    run(&program, "sync").await.ok();
    sandbox.fault(Fault::ending("PUT", "/employee/").answer(422, "no"));
    let refused = failed(&run(&program, "sync --json").await, "sync --json");
    assert_eq!((&refused["completed"], &refused["exit_code"]), (&json!(false), &json!(65)), "{refused:#}");
    assert_eq!((&refused["types"][0]["slug"], &refused["types"][0]["pushed"]), (&json!("team"), &json!(1)));
    assert!(refused["error"].as_str().unwrap().contains("the server answered 422"), "{refused:#}");
    sandbox.clear_faults();

    for (line, code) in [(format!("tasks show {NOBODY} --json"), 65), (format!("tasks retry {NOBODY} --json"), 65)] {
        let unknown = failed(&run(&program, &line).await, &line);
        assert_eq!(unknown["exit_code"], code, "{unknown:#}");
        assert!(unknown["hint"].as_str().unwrap().contains("tasks list"), "{unknown:#}");
    }
    let idle = program.run(&["sync", "--now", "--json"]).await;
    assert_eq!(idle.code, Some(75));
    assert_eq!(serde_json::from_str::<Value>(&idle.stdout).unwrap()["exit_code"], 75);
}

#[tokio::test]
async fn of_several_apps_each_stands_in_the_list_also_one_that_failed() {
    let sandbox = Sandbox::start().await.unwrap();
    let program = Program::new("regions").facing(&sandbox);
    run(&program, "sync").await.ok();
    let asia = sandbox.app_named("Acme Asia").unwrap().id().to_string();
    sandbox.fault(Fault::on("POST", &asia).answer(403, "no"));
    let list = failed(&run(&program, "sync --json").await, "sync --json");
    let outcome = |at: usize| (list[at]["app"].as_str().unwrap(), list[at]["result"]["completed"] == true);
    assert_eq!([outcome(0), outcome(1)], [("Acme Americas", true), ("Acme Europe", true)]);
    assert_eq!((&list[2]["app"], &list[2]["exit_code"]), (&json!("Acme Asia"), &json!(77)), "{list:#}");
}

#[tokio::test]
async fn dev_tells_where_its_sandbox_is() {
    let program = Program::new("quickstart");
    assert!(run(&program, "dev --once --json").await.json()["apps"].is_array());
    let mut running = program.start_aloud(&["dev", "--json"]);
    let mut stdout = running.stdout.take().unwrap();
    let (mut text, mut part) = (String::new(), [0; 512]);
    let told = async {
        loop {
            let length = stdout.read(&mut part).await.unwrap();
            assert!(length > 0, "it goes on");
            text += str::from_utf8(&part[..length]).unwrap();
            if let Ok(told) = serde_json::from_str::<Value>(&text) {
                return told;
            }
        }
    };
    let told = timeout(Duration::from_secs(30), told).await.expect("it tells");
    assert!(told["url"].as_str().unwrap().contains("/org/"), "{told:#}");
    assert!(told["key"].is_string() && told["console"].is_string());
}

#[tokio::test]
async fn a_journal_that_cannot_be_read_hides_the_status_of_no_other_app() {
    let sandbox = Sandbox::start().await.unwrap();
    let program = Program::new("regions").facing(&sandbox);
    run(&program, "sync").await.ok();
    let folders = fs::read_dir(program.path("state")).unwrap().map(|folder| folder.unwrap().path());
    let europe = folders.into_iter().find(|folder| folder.to_string_lossy().contains("europe")).unwrap();
    fs::write(europe.join("journal.db"), "this is no journal").unwrap();
    let list = failed(&run(&program, "status --json").await, "status --json");
    let known = |at: usize| list[at]["result"]["completed_at"].is_string();
    assert_eq!((known(0), known(1), known(2)), (true, false, true), "{list:#}");
    assert_eq!((&list[1]["app"], &list[1]["exit_code"]), (&json!("Acme Europe"), &json!(74)), "{list:#}");
}
