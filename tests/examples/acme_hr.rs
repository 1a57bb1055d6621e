//! The HR connector: its database before and after, and what Iden gets of it.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use bridge_sandbox::{App, NewTask, Sandbox};
use serde_json::{Value, json};

use crate::{
    hr_file::HrFile,
    program::Program,
    summary::{pushed, task},
};

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
