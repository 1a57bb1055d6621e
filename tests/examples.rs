//! The examples as programs: what they print, what they do to their systems, what Iden gets of it.
//!
//! `cargo test` builds the programs, `cargo test --test examples` does not: they are then those of the last build.

#![allow(clippy::unwrap_used)] // the helpers are no `#[test]`s, and are tests all the same

use std::{
    collections::BTreeMap,
    env, fs,
    path::{Path, PathBuf},
    time::Duration,
};

use bridge_sandbox::{App, NewTask, Sandbox};
use rusqlite::Connection;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{process::Command, time::timeout};

/// An example in a directory of its own, deaf to the settings of whoever runs the test.
struct Program {
    name: &'static str,
    home: TempDir,
    settings: Vec<(&'static str, PathBuf)>,
}

/// How a program ended.
struct Ended {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

impl Program {
    fn new(name: &'static str) -> Self {
        Program { name, home: TempDir::new().unwrap(), settings: Vec::new() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    fn set(mut self, variable: &'static str, value: impl Into<PathBuf>) -> Self {
        self.settings.push((variable, value.into()));
        self
    }

    /// Where Iden is.
    fn facing(self, sandbox: &Sandbox) -> Self {
        let state = self.path("state");
        self.set("BRIDGE_URL", sandbox.base_url())
            .set("BRIDGE_API_KEY", sandbox.api_key())
            .set("BRIDGE_STATE_DIR", state)
    }

    async fn run(&self, arguments: &[&str]) -> Ended {
        // This test is target/…/deps/examples-…, the programs are target/…/examples/….
        let this = env::current_exe().unwrap();
        let directory = this.ancestors().nth(2).unwrap().join("examples");
        let program = directory.join(self.name).with_extension(env::consts::EXE_EXTENSION);
        assert!(program.exists(), "{} is not there: run `cargo build --examples` first", program.display());

        let mut command = Command::new(program);
        for (name, _) in env::vars_os() {
            if ["BRIDGE_", "ACME_HR_", "LINUX_HOST_", "REGIONS_"]
                .iter()
                .any(|one| name.to_string_lossy().starts_with(one))
            {
                command.env_remove(name);
            }
        }
        command.args(arguments).envs(self.settings.iter().map(|(name, value)| (name, value)));
        command.current_dir(self.home.path()).kill_on_drop(true);
        let output = timeout(Duration::from_secs(60), command.output()).await.expect("it ends by itself").unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Ended { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }
}

impl Ended {
    #[track_caller]
    fn ok(self) -> Self {
        assert_eq!(self.code, Some(0), "\n--- stdout\n{}\n--- stderr\n{}", self.stdout, self.stderr);
        self
    }

    /// What it printed as JSON.
    #[track_caller]
    fn json(self) -> Value {
        let ended = self.ok();
        serde_json::from_str(&ended.stdout).unwrap_or_else(|error| panic!("{error} in:\n{}", ended.stdout))
    }
}

/// Slug to number of records that a sync pushed.
fn pushed(sync: &Value) -> BTreeMap<&str, u64> {
    assert_eq!(sync["completed"], true, "{sync:#}");
    let types = sync["types"].as_array().unwrap();
    types.iter().map(|one| (one["slug"].as_str().unwrap(), one["pushed"].as_u64().unwrap())).collect()
}

/// The task of this action in the summary of `dev`.
#[track_caller]
fn task<'a>(app: &'a Value, action: &str) -> &'a Value {
    let mut tasks = app["tasks"].as_array().unwrap().iter();
    tasks.find(|task| task["action"] == action).unwrap_or_else(|| panic!("no {action} in {app:#}"))
}

/// The database of `acme_hr`, read without a line of its code.
struct HrFile(Connection);

impl HrFile {
    fn open(path: &Path) -> Self {
        HrFile(Connection::open(path).unwrap())
    }

    fn count(&self, condition: &str) -> u64 {
        let sql = format!("select count(*) from {condition}");
        self.0.query_row(&sql, [], |row| row.get::<_, i64>(0)).unwrap().try_into().unwrap()
    }

    fn texts(&self, sql: &str) -> Vec<String> {
        let mut query = self.0.prepare(sql).unwrap();
        query.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
    }

    /// Everybody as Iden should see them, by number.
    fn employees(&self) -> BTreeMap<String, Value> {
        let sql = "select number, email, first_name, surname, status from person";
        let mut query = self.0.prepare(sql).unwrap();
        let rows = query.query_map([], |row| {
            let number = row.get::<_, i64>(0)?;
            let of = |table, column| {
                json!(self.texts(&format!("select {column} from {table} where person = {number} order by 1")))
            };
            let status = match row.get::<_, String>(4)?.as_str() {
                "employed" => "active",
                "on_leave" => "suspended",
                "left" => "inactive",
                other => panic!("{other}"),
            };
            let mut record = json!({
                "id": number.to_string(), "email": row.get::<_, String>(1)?, "first_name": row.get::<_, String>(2)?,
                "status": status, "memberships": {"team": of("team_member", "team")},
                "assignments": {"seat": of("seat_holder", "seat")},
            });
            if let Some(surname) = row.get::<_, Option<String>>(3)? {
                record["last_name"] = json!(surname);
            }
            Ok((number.to_string(), record))
        });
        rows.unwrap().collect::<Result<_, _>>().unwrap()
    }
}

fn held(app: &App, slug: &str) -> BTreeMap<String, Value> {
    app.records(slug).into_iter().map(|record| (record.id, record.fields)).collect()
}

#[tokio::test]
async fn acme_hr_rehearses_one_task_of_each_kind_and_the_database_shows_it() {
    let program = Program::new("acme_hr");
    let database = program.path("hr.sqlite");
    let program = program.set("ACME_HR_DB", &database);
    let ended = program.run(&["dev", "--once", "--json"]).await.ok();
    let hr = HrFile::open(&database);
    for secret in hr.texts("select password from password_reset").iter().map(String::as_str).chain(["salary"]) {
        assert!(!ended.stdout.contains(secret) && !ended.stderr.contains(secret), "`{secret}` was printed");
    }

    let summary = ended.json();
    let app = &summary["apps"][0];
    assert_eq!(pushed(&app["first"]), BTreeMap::from([("employee", 312), ("seat", 6), ("team", 12)]));
    assert_eq!(pushed(&app["second"])["employee"], hr.count("person"));
    assert_eq!(app["held"]["employee"]["active"], hr.count("person where status = 'employed'"));
    assert_eq!(app["held"]["employee"]["suspended"], hr.count("person where status = 'on_leave'"));
    assert_eq!(app["held"]["employee"]["inactive"], hr.count("person where status = 'left'"));
    assert_eq!(app["held"]["employee"]["removed"], 0);
    assert_eq!((app["held"]["team"]["active"].as_u64(), app["held"]["seat"]["active"].as_u64()), (Some(12), Some(6)));

    let people = hr.employees();
    let tasks = app["tasks"].as_array().unwrap();
    assert_eq!(tasks.len(), 6);
    for task in tasks {
        assert_eq!(task["status"], "completed", "{task:#}");
        assert_eq!(task["after"], people[task["account"].as_str().unwrap()], "{task:#}");
    }
    let create = task(app, "create_account");
    assert_eq!(create["before"], Value::Null);
    assert_eq!(create["after"]["memberships"]["team"], json!(["platform", "security"]));
    let update = task(app, "update_account");
    assert_ne!(update["before"]["last_name"], update["after"]["last_name"]);
    assert_ne!(update["before"]["memberships"], update["after"]["memberships"]);
    for (action, before, after) in [
        ("suspend_account", "active", "suspended"),
        ("unsuspend_account", "suspended", "active"),
        ("reset_password", "active", "active"),
        ("delete_account", "active", "inactive"),
    ] {
        let task = task(app, action);
        assert_eq!((&task["before"]["status"], &task["after"]["status"]), (&json!(before), &json!(after)), "{action}");
    }
    let reset = task(app, "reset_password")["account"].as_str().unwrap();
    assert_eq!(hr.count(&format!("password_reset where person = {reset}")), 1);

    // Again, on what the first run left.
    let again = program.run(&["dev", "--once", "--json"]).await.json();
    assert!(
        again["apps"][0]["tasks"].as_array().unwrap().iter().all(|task| task["status"] == "completed"),
        "{again:#}"
    );
    assert_eq!(hr.count("person"), 314);
    let shown = program.run(&["dev", "--once"]).await.ok().stdout;
    assert!(shown.contains("status: active -> suspended"), "{shown}");
}

#[tokio::test]
async fn acme_hr_keeps_iden_equal_to_the_database_and_its_secrets_at_home() {
    let sandbox = Sandbox::start().await.unwrap();
    let program = Program::new("acme_hr").facing(&sandbox);
    let database = program.path("acme_hr.sqlite"); // the default, in the directory that it runs in
    program.run(&["sync"]).await.ok();
    let (hr, app) = (HrFile::open(&database), sandbox.app_named("Acme HR").unwrap());
    assert_eq!(held(&app, "employee"), hr.employees());
    assert_eq!((app.active("team"), app.active("seat")), (12, 6));

    let one = |status: &str, at: usize| {
        let sql = format!("select cast(number as text) from person where status = '{status}' order by number");
        hr.texts(&sql)[at].clone()
    };
    let somebody = &hr.texts("select email from person")[0];
    let about = |action: &str, id: &str| NewTask::new(action, "employee").account(json!({"id": id}));
    let new = |email: &str| json!({"email": email, "first_name": "Nadia", "last_name": "Okafor"});
    let create = |email: &str| NewTask::new("create_account", "employee").account(new(email));

    let hire = app.queue(create("nadia@acme.example").memberships(json!({"team": ["data"]})));
    let reset = app.queue(about("reset_password", &one("employed", 0)));
    let completed = [
        app.queue(about("update_account", &one("employed", 1)).changes(json!({"last_name": "Byron"}))),
        app.queue(about("suspend_account", &one("employed", 2))),
        app.queue(about("unsuspend_account", &one("on_leave", 0))),
        app.queue(about("delete_account", &one("employed", 3))),
        app.queue(about("delete_account", &one("left", 0))),
        hire,
        reset,
    ];
    let failed = [
        (app.queue(create(&somebody.to_uppercase())), "account_already_exists"),
        (app.queue(create("x@acme.example").memberships(json!({"team": ["no-such-team"]}))), "unknown_team"),
        (app.queue(NewTask::new("create_account", "employee").account(json!({"email": "y@x"}))), "invalid_payload"),
        (
            app.queue(about("update_account", &one("employed", 4)).changes(json!({"username": "x"}))),
            "unsupported_change",
        ),
        (app.queue(about("unsuspend_account", &one("left", 1))), "employee_has_left"),
        (app.queue(about("suspend_account", "9999")), "account_not_found"),
        (app.queue(about("delete_account", "9999")), "account_not_found"),
        (app.queue(about("suspend_account", "nadia@acme.example")), "invalid_payload"),
        (app.queue(about("promote_account", &one("employed", 5))), "unsupported_action"),
    ];
    program.run(&["tasks", "--once"]).await.ok();
    for id in completed {
        app.assert_task_completed(id);
    }
    for (id, code) in failed {
        app.assert_task_failed(id, code);
    }
    let number = hr.texts("select cast(number as text) from person where email = 'nadia@acme.example'");
    assert_eq!(app.task(hire).unwrap().result, Some(json!({"id": number[0]})));

    program.run(&["sync"]).await.ok();
    assert_eq!(held(&app, "employee"), hr.employees());
    assert_eq!(app.active("employee"), 313);
    assert_eq!(sandbox.warnings(), Vec::<String>::new());

    // The password went to Iden in the report of its task, and nowhere else.
    let password = &hr.texts("select password from password_reset")[0];
    let with_password: Vec<_> = sandbox.requests().into_iter().filter(|one| one.body.contains(password)).collect();
    assert!(matches!(&with_password[..], [one] if one.path.contains(&reset.to_string())), "{with_password:#?}");
    assert!(!files(&program.path("state")).any(|file| contains(&file, password)));
    let salaries = hr.texts("select cast(salary as text) from person where salary > 0");
    for page in sandbox.requests().iter().filter(|request| request.method == "PUT") {
        assert!(!page.body.contains("salary") && !salaries.iter().any(|salary| page.body.contains(salary)));
    }
}

fn files(directory: &Path) -> Box<dyn Iterator<Item = PathBuf>> {
    let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    Box::new(entries.flat_map(|path| if path.is_dir() { files(&path) } else { Box::new([path].into_iter()) }))
}

fn contains(file: &Path, text: &str) -> bool {
    fs::read(file).unwrap().windows(text.len()).any(|window| window == text.as_bytes())
}

#[cfg(unix)]
mod linux_host {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    const PASSWD: &str = "root:x:0:0:root:/root:/bin/bash\nann:x:1000:100:Ann Lee:/home/ann:/bin/bash\n\
        nobody:x:65534:65534:nobody:/:/usr/sbin/nologin\n";
    const GROUP: &str = "root:x:0:\nusers:x:100:\nsudo:x:27:ann\n";

    /// A machine of two files, and programs that only write down how they were called.
    fn program() -> Program {
        let program = Program::new("linux_host");
        let (root, bin, calls) = (program.path("root"), program.path("bin"), program.path("calls"));
        fs::create_dir_all(root.join("etc")).unwrap();
        fs::write(root.join("etc/passwd"), PASSWD).unwrap();
        fs::write(root.join("etc/group"), GROUP).unwrap();
        fs::create_dir(&bin).unwrap();
        for name in ["useradd", "usermod", "userdel", "chpasswd", "chage"] {
            let script = format!("#!/bin/sh\necho \"{name} $*\" >> '{}'\n", calls.display());
            fs::write(bin.join(name), script).unwrap();
            fs::set_permissions(bin.join(name), fs::Permissions::from_mode(0o755)).unwrap();
        }
        program.set("PATH", bin)
    }

    #[tokio::test]
    async fn a_machine_of_two_files_is_read_and_nothing_is_carried_out() {
        let program = program();
        let root = program.path("root");
        let program = program.set("LINUX_HOST_ROOT", &root);
        let ended = program.run(&["dev", "--once", "--json"]).await.ok();
        assert!(ended.stderr.contains("would run: useradd --prefix"), "{}", ended.stderr);
        let summary = ended.json();
        let app = &summary["apps"][0];
        assert_eq!(pushed(&app["first"]), BTreeMap::from([("group", 3), ("user", 3)]));
        assert_eq!(task(app, "create_account")["code"], "dry_run");
        assert_eq!(task(app, "suspend_account")["before"]["status"], "inactive");
        assert_eq!(task(app, "delete_account")["status"], "completed");
        assert!(!program.path("calls").exists());
        assert_eq!(fs::read_to_string(root.join("etc/passwd")).unwrap(), PASSWD);
    }

    #[tokio::test]
    async fn with_apply_the_programs_are_called_with_arguments_apart() {
        let program = program();
        let root = program.path("root");
        let program = program.set("LINUX_HOST_ROOT", &root);
        let summary = program.run(&["--apply", "dev", "--once", "--json"]).await.json();
        assert_eq!(task(&summary["apps"][0], "create_account")["status"], "completed");
        let calls = fs::read_to_string(program.path("calls")).unwrap();
        let mut calls: Vec<_> = calls.lines().collect();
        calls.sort_unstable();
        let prefix = format!("--prefix {}", root.display());
        let expected = [
            format!("useradd {prefix} --create-home --comment Bridge Demo --groups users bridge-demo"),
            format!("usermod {prefix} --expiredate  nobody"),
            format!("usermod {prefix} --expiredate 1 nobody"),
        ];
        assert_eq!(calls, expected);
    }

    #[tokio::test]
    async fn this_machine_is_read_and_left_alone() {
        let lines =
            |file: &str| fs::read_to_string(file).unwrap().lines().filter(|line| !line.is_empty()).count() as u64;
        let before = fs::read("/etc/passwd").unwrap();
        let program = program();
        let summary = program.run(&["dev", "--once", "--json"]).await.json();
        let first = &summary["apps"][0]["first"];
        let unreadable = |at: usize| first["types"][at]["unreadable"].as_u64().unwrap();
        assert_eq!(pushed(first)["group"] + unreadable(0), lines("/etc/group"));
        assert_eq!(pushed(first)["user"] + unreadable(1), lines("/etc/passwd"));
        assert_eq!(fs::read("/etc/passwd").unwrap(), before);
        assert!(!program.path("calls").exists());
    }
}

const REGIONS: [(&str, &str, u64); 3] =
    [("Acme Americas", "am-", 5), ("Acme Europe", "eu-", 4), ("Acme Asia", "as-", 3)];

#[tokio::test]
async fn regions_rehearses_three_apps_each_with_people_of_its_own() {
    let program = Program::new("regions");
    let summary = program.run(&["dev", "--once", "--json"]).await.json();
    let apps = summary["apps"].as_array().unwrap();
    assert_eq!(apps.len(), 3);
    for (app, (name, prefix, people)) in apps.iter().zip(REGIONS) {
        assert_eq!(app["name"], name);
        assert_eq!(app["types"], apps[0]["types"]);
        assert_eq!(pushed(&app["first"]), BTreeMap::from([("employee", people), ("team", 3)]), "{name}");
        assert_eq!(app["held"]["employee"]["suspended"], 1);
        assert!(task(app, "suspend_account")["account"].as_str().unwrap().starts_with(prefix));
    }
    for database in ["americas", "europe", "asia"] {
        assert!(program.path("regions").join(database).with_extension("sqlite").exists(), "{database}");
    }
}

#[tokio::test]
async fn regions_registers_once_and_shares_no_record() {
    let sandbox = Sandbox::start().await.unwrap();
    let program = Program::new("regions").facing(&sandbox);
    program.run(&["sync"]).await.ok();
    let app = |name: &str| sandbox.app_named(name).unwrap();
    let parent = app(REGIONS[0].0);
    for (name, prefix, people) in REGIONS {
        let records = app(name).records("employee");
        assert_eq!(records.len() as u64, people, "{name}");
        assert!(records.iter().all(|record| record.id.starts_with(prefix)), "{name}");
        assert_eq!(app(name).cloned_from(), (name != REGIONS[0].0).then_some(parent.id()), "{name}");
    }
    let registrations: Vec<_> = sandbox
        .requests()
        .into_iter()
        .filter(|one| one.path.contains("/resource-types/"))
        .map(|one| one.path)
        .collect();
    assert_eq!(registrations.len(), 2);
    assert!(registrations.iter().all(|path| path.contains(&parent.id().to_string())), "{registrations:?}");

    // One region alone, by its name.
    program.run(&["sync", "--app", "Acme Asia"]).await.ok();
    assert_eq!(app("Acme Asia").sessions().len(), 2);
    assert_eq!(parent.sessions().len(), 1);
    assert_eq!(sandbox.warnings(), Vec::<String>::new());
}

#[tokio::test]
async fn quickstart_is_short_and_suspends_bob() {
    let source = include_str!("../examples/quickstart.rs");
    assert!(source.lines().count() < 60);
    let program = Program::new("quickstart");
    let summary = program.run(&["dev", "--once", "--json"]).await.json();
    let suspended = task(&summary["apps"][0], "suspend_account");
    assert_eq!(suspended["before"]["status"], "active");
    assert_eq!(suspended["after"]["status"], "inactive");
    let shown = program.run(&["dev", "--once"]).await.ok().stdout;
    assert!(shown.contains("status: active -> inactive"), "{shown}");
}
