//! Seed files and fault files.

use std::path::PathBuf;
use std::time::Duration;

use crate::common::{Client, path, refused};
use bridge_sandbox::{Assumptions, Cause, Sandbox, SandboxBuilder};
use serde_json::json;
use tempfile::TempDir;

const SEED: &str = r#"
[assumptions]
several_sessions = false
task_page_size = 7
session_expires_after = "30m"

[[app]]
id = "6f1c1b0e-7a35-4d5e-9c7b-1f0a5b0c2d3e"
name = "Acme HR"
type = [
    { slug = "team", name = "Teams", type = "group" },
    { slug = "employee", name = "Employees", type = "account" },
]
records.team = [{ id = "core", name = "Core" }]
records.employee = [
    { id = "7", email = "ada@acme.test", status = "suspended", memberships = { team = ["core"] } },
    { id = "8", username = "bob" },
]
[[app.task]]
action = "unsuspend_account"
resource_type = "employee"
account = { id = "7" }
[[app.task]]
action = "delete_account"
resource_type = "employee"
account = { id = "8" }
execute_in = "1h"

[[app]]
name = "Acme HR, Paris"
clone_from = "Acme HR"

[[app]]
name = "Umbrella HR"
tenant = "umbrella"

[[key]]
key = "narrow"
apps = ["Acme HR, Paris"]
[[key]]
key = "gone"
revoked = true
[[key]]
key = "stale"
expires_at = "2026-01-05T09:30:00Z"
"#;

/// A file with this text, in a folder that lives as long as the test.
fn file(folder: &TempDir, name: &str, text: &str) -> PathBuf {
    let path = folder.path().join(name);
    std::fs::write(&path, text).unwrap();
    path
}

fn seeded(folder: &TempDir, text: &str) -> SandboxBuilder {
    Sandbox::builder().also_tenant("umbrella", "u").seed_file(file(folder, "seed.toml", text))
}

#[tokio::test]
async fn a_seed_is_what_the_sandbox_begins_with() {
    let folder = TempDir::new().unwrap();
    let sandbox = seeded(&folder, SEED).start().await.unwrap();
    let app = sandbox.app_named("Acme HR").unwrap();
    assert_eq!(app.id().to_string(), "6f1c1b0e-7a35-4d5e-9c7b-1f0a5b0c2d3e");
    assert_eq!(app.types().iter().map(|known| known.slug.as_str()).collect::<Vec<_>>(), ["team", "employee"]);
    assert_eq!(app.record("employee", "7").unwrap().status, "suspended");
    assert_eq!(app.history("employee", "8").unwrap().entries[0].cause, Cause::Hand);
    let tasks: Vec<_> = app.tasks().into_iter().map(|task| (task.action, task.status)).collect();
    let task = |action: &str, status: &str| (action.to_owned(), status.to_owned());
    assert_eq!(tasks, [task("unsuspend_account", "pending"), task("delete_account", "scheduled")]);
    sandbox.advance(Duration::from_secs(3601));
    assert_eq!(app.tasks()[1].status, "pending");

    let paris = sandbox.app_named("Acme HR, Paris").unwrap();
    assert_eq!((paris.cloned_from(), paris.types()), (Some(app.id()), app.types()));
    assert!(sandbox.tenant("umbrella").unwrap().app_named("Umbrella HR").is_some());

    let narrow = Client::with_key(&sandbox, "narrow");
    assert_eq!(narrow.get("/api/apps/").await.1["count"], 1);
    refused(&narrow.get(&format!("{}tasks/", path(&app))).await, 403, "access");
    refused(&Client::with_key(&sandbox, "gone").get("/api/apps/").await, 403, "revoked");
    refused(&Client::with_key(&sandbox, "stale").get("/api/apps/").await, 401, "expired");
}

#[tokio::test]
async fn a_seed_stands_above_the_assumptions_of_the_builder_and_below_those_by_name() {
    let folder = TempDir::new().unwrap();
    let mut own = Assumptions::default();
    own.task_page_size = 3;
    own.complete_twice_succeeds = true;
    let sandbox = seeded(&folder, SEED).assumptions(own).assume("several_sessions", "true").start().await.unwrap();
    let assumptions = sandbox.assumptions();
    assert_eq!((assumptions.task_page_size, assumptions.session_expires_after), (7, Some(Duration::from_secs(1800))));
    assert!(assumptions.several_sessions && assumptions.complete_twice_succeeds);
}

#[tokio::test]
async fn a_seed_leaves_alone_what_the_state_file_holds() {
    let folder = TempDir::new().unwrap();
    for turn in 0..2 {
        let builder = seeded(&folder, SEED).state_file(folder.path().join("state"));
        let sandbox = builder.start().await.unwrap();
        let app = sandbox.app_named("Acme HR").unwrap();
        assert_eq!((sandbox.apps().len(), app.tasks().len()), (2, 2));
        assert_eq!(app.active("employee"), 2 + turn, "what came after the first start is still there");
        app.put_record("employee", &json!({"id": "9", "email": "new@acme.test"}));
        sandbox.shutdown().await;
    }
}

#[tokio::test]
async fn a_seed_may_be_json() {
    let folder = TempDir::new().unwrap();
    let seed = json!({"app": [{"name": "A", "type": [{"slug": "e", "name": "E", "type": "account"}]}]});
    let path = file(&folder, "seed.json", &seed.to_string());
    let sandbox = Sandbox::builder().seed_file(path).start().await.unwrap();
    assert_eq!(sandbox.apps()[0].types()[0].slug, "e");
}

#[tokio::test]
async fn a_seed_that_cannot_be_says_where_and_why() {
    let app = |rest: &str| {
        format!("[[app]]\nname = \"A\"\ntype = [{{ slug = \"e\", name = \"E\", type = \"account\" }}]\n{rest}")
    };
    for (seed, words) in [
        ("[[apps]]\n".to_owned(), ["apps", "app"]),
        ("[assumptions]\np4 = true\n".to_owned(), ["p4", "newer_records_are_removed"]),
        ("[assumptions]\nseveral_sessions = 1\n".to_owned(), ["several_sessions", "true or false"]),
        ("[[app]]\nname = \"\"\n".to_owned(), ["app ``", "name"]),
        ("[[app]]\nname = \"A\"\ntenant = \"x\"\n".to_owned(), ["app `A`", "tenant `x`"]),
        ("[[app]]\nname = \"A\"\nclone_from = \"B\"\n".to_owned(), ["app `A`", "no app `B`"]),
        (app("records.e = [{ id = \"7\" }]\n"), ["record 1 of `e`", "`email` or `username`"]),
        (app("records.f = [{ id = \"7\" }]\n"), ["record 1 of `f`", "not found"]),
        (app("[[app.task]]\naction = \"a\"\nresource_type = \"e\"\nexecute_in = \"soon\"\n"), ["task 1", "`90s`"]),
        ("[[key]]\nkey = \"k\"\napps = [\"A\"]\n".to_owned(), ["key 1", "no app `A`"]),
        ("[[key]]\nkey = \"two words\"\n".to_owned(), ["key 1", "visible ASCII"]),
        ("not TOML".to_owned(), ["seed.toml", "TOML"]),
    ] {
        let folder = TempDir::new().unwrap();
        let error = seeded(&folder, &seed).start().await.expect_err(&seed).to_string();
        for word in words {
            assert!(error.contains(word), "`{word}` is not in: {error}");
        }
        assert!(error.contains("seed file") && error.contains("seed.toml"), "{error}");
    }
    let missing = Sandbox::builder().seed_file("/no/such/seed.toml").start().await.expect_err("no file").to_string();
    assert!(missing.contains("the seed file /no/such/seed.toml cannot be read"), "{missing}");
}

#[tokio::test]
async fn a_fault_file_is_a_list_of_rules() {
    let folder = TempDir::new().unwrap();
    let faults = "[[fault]]\nmethod = \"GET\"\npath = \"/api/apps/\"\ntimes = 1\nstatus = 429\nretry_after = \"2s\"\n\
                  [[fault]]\npath_end = \"/apps/\"\nstatus = 503\n";
    let builder = Sandbox::builder().fault_file(file(&folder, "faults.toml", faults)).fault_seed(7);
    let sandbox = builder.start().await.unwrap();
    let client = Client::new(&sandbox);
    let first = client.request("GET", "/api/apps/").send().await.unwrap();
    assert_eq!((first.status().as_u16(), first.headers()["retry-after"].to_str().unwrap()), (429, "2"));
    assert_eq!(client.get("/api/apps/").await.0, 503);
    assert_eq!(sandbox.faults().len(), 2);

    for (faults, word) in [
        ("[[fault]]\nstatus = 500\n[[fault]]\n", "fault 2"),
        ("[[fault]]\nstaus = 500\n", "staus"),
        ("[[fault]]\n\"\\u001b[2J\" = 1\n", "unknown field `␛[2J`"),
        ("[[fualt]]\n", "fualt"),
    ] {
        let builder = Sandbox::builder().fault_file(file(&folder, "faults.toml", faults));
        let error = builder.start().await.expect_err(faults).to_string();
        assert!(error.contains(word) && error.contains("fault file"), "{error}");
    }
}
