//! A parent and two clones in one process.

use std::collections::BTreeMap;

use bridge_sandbox::Sandbox;

use crate::{
    program::Program,
    summary::{pushed, task},
};

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
async fn a_command_about_one_region_leaves_the_systems_of_the_others_alone() {
    let program = Program::new("regions");
    let summary = program.run(&["dev", "--once", "--json", "--app", "Acme Asia"]).await.json();
    let names: Vec<_> = summary["apps"].as_array().unwrap().iter().map(|app| app["name"].clone()).collect();
    assert_eq!(names, ["Acme Asia"]);
    assert!(program.path("regions/asia.sqlite").exists());
    assert!(!program.path("regions/europe.sqlite").exists(), "its tasks are carried out on the real system");
    let schema = program.run(&["schema", "--app", "Acme Asia"]).await.json();
    assert_eq!(schema["app"], "Acme Asia");
    let nobody = program.run(&["dev", "--once", "--app", "Acme Africa"]).await;
    assert_eq!(nobody.code, Some(78), "{}", nobody.stderr);
}

#[tokio::test]
async fn a_region_that_cannot_be_opened_is_named() {
    let sandbox = Sandbox::start().await.unwrap();
    let program = Program::new("regions").facing(&sandbox);
    std::fs::create_dir_all(program.path("regions/asia.sqlite")).unwrap();
    let ended = program.run(&["sync"]).await;
    assert_eq!(ended.code, Some(69), "{}", ended.stderr);
    assert!(ended.stderr.contains("Acme Asia: the external system could not be opened"), "{}", ended.stderr);
}
