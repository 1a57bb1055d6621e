//! The CSV connector: what Iden gets of a folder, and what it is not asked for.

use std::{collections::BTreeMap, fs, path::Path};

use bridge_sandbox::{NewTask, Sandbox};
use serde_json::json;

use crate::{program::Program, summary::pushed};

/// A program with a copy of the sample, which a test may change.
pub fn program() -> Program {
    let program = Program::new("csv_folder");
    let folder = program.path("export");
    fs::create_dir(&folder).unwrap();
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/csv_folder/sample")).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), folder.join(entry.file_name())).unwrap();
    }
    program.set("CSV_FOLDER", folder)
}

#[tokio::test]
async fn the_sample_is_read_with_every_status() {
    let summary = program().run(&["dev", "--once", "--json"]).await.json();
    let app = &summary["apps"][0];
    assert_eq!(pushed(&app["first"]), BTreeMap::from([("department", 4), ("person", 40)]));
    let held = &app["held"]["person"];
    assert_eq!((&held["active"], &held["suspended"], &held["inactive"]), (&json!(34), &json!(3), &json!(3)));
}

#[tokio::test]
async fn who_leaves_the_file_leaves_iden_and_half_a_file_is_held() {
    let sandbox = Sandbox::start().await.unwrap();
    let program = program().facing(&sandbox);
    program.run(&["sync"]).await.ok();
    let app = sandbox.app_named("CSV folder").unwrap();
    assert_eq!((app.active("department"), app.records("person").len()), (4, 40));

    let file = program.path("export").join("people.csv");
    let whole = fs::read_to_string(&file).unwrap();
    let lines: Vec<_> = whole.lines().collect();
    fs::write(&file, lines[..lines.len() - 1].join("\n")).unwrap();
    program.run(&["sync"]).await.ok();
    assert!(app.record("person", "139").unwrap().removed);

    // The copy broke off after half of the people: no line is wrong, and most of them would be gone.
    fs::write(&file, lines[..20].join("\n")).unwrap();
    let ended = program.run(&["sync"]).await;
    assert_eq!(ended.code, Some(3), "{}", ended.stderr);
    assert!(ended.stderr.contains("approve"), "{}", ended.stderr);
    assert!(!app.record("person", "138").unwrap().removed);
}

#[tokio::test]
async fn a_connector_without_tasks_takes_none_on() {
    let sandbox = Sandbox::start().await.unwrap();
    let program = program().facing(&sandbox);
    program.run(&["sync"]).await.ok();
    let app = sandbox.app_named("CSV folder").unwrap();
    let task = app.queue(NewTask::new("suspend_account", "person").account(json!({"id": "100"})));
    program.run(&["sync"]).await.ok();
    assert_eq!(app.task(task).unwrap().status, "pending");
    let asked = sandbox.requests().into_iter().filter(|one| one.path.contains("/tasks/")).count();
    assert_eq!(asked, 0);
}

#[tokio::test]
async fn without_a_folder_it_says_which_setting_is_missing() {
    let program = Program::new("csv_folder");
    let ended = program.run(&["dev", "--once"]).await;
    assert_ne!(ended.code, Some(0));
    assert!(ended.stderr.contains("Set CSV_FOLDER"), "{}", ended.stderr);
}
