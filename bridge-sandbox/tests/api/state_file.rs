//! The state file: what a sandbox holds survives its end.

use std::time::Duration;

use crate::common::{Client, accounts, equip, path};
use bridge_sandbox::{App, Assumptions, NewTask, Sandbox};
use jiff::Timestamp;
use rusqlite::Connection;
use serde_json::json;
use tempfile::TempDir;

/// A sandbox that keeps its state in this folder.
async fn kept(folder: &TempDir) -> Sandbox {
    kept_with(folder, Assumptions::default()).await
}

async fn kept_with(folder: &TempDir, assumptions: Assumptions) -> Sandbox {
    let builder = Sandbox::builder().state_file(folder.path().join("state")).assumptions(assumptions);
    builder.start().await.expect("the folder is new or its state good")
}

/// Everything that can be read of an app.
fn all_of(app: &App) -> String {
    let slugs: Vec<_> = app.types().into_iter().map(|known| known.slug).collect();
    let records: Vec<_> = slugs.iter().flat_map(|slug| app.records(slug)).collect();
    let histories: Vec<_> = records.iter().map(|record| app.history(&record.slug, &record.id)).collect();
    let sessions = app.recent_sessions(0, 99);
    let removals: Vec<_> = sessions.items.iter().map(|session| app.removals(session.id, 0, 99)).collect();
    let rest = (app.name(), app.cloned_from(), app.last_synced_at(), app.types(), app.companions(), app.tasks());
    format!("{rest:#?} {records:#?} {histories:#?} {sessions:#?} {removals:#?}")
}

#[tokio::test]
async fn everything_is_there_again_after_a_restart() {
    let folder = TempDir::new().unwrap();
    let sandbox = kept(&folder).await;
    let (client, app) = equip(&sandbox).await;
    client.sync(&app, "employee", &["7", "8", "9"]).await;
    client.sync(&app, "employee", &["8", "9"]).await;
    let clone = json!({"name": "Acme HR, Paris", "clone_from": app.id()});
    client.send("POST", "/api/v1/bridge/apps/", &clone).await;
    client.send("PATCH", &format!("{}resource-types/team/", path(&app)), &json!({"name": "Crews"})).await;
    let done = app.queue(NewTask::new("suspend_account", "employee").account(json!({"id": "8"})));
    let report = json!({"status": "failed", "error": {"code": "timeout", "message": "slow"}});
    client.send("PATCH", &format!("{}tasks/{done}/status/", path(&app)), &report).await;
    app.queue(NewTask::new("delete_account", "employee").execute_after(Timestamp::now() + Duration::from_secs(3600)));
    app.put_record("employee", &json!({"id": "7", "email": "back@acme.test"}));
    sandbox.add_key_for("narrow", &[app.id()]);
    let abandoned = client.start(&app).await;
    client.abandon(&abandoned).await;
    let (key, before) = (sandbox.api_key().to_owned(), all_of(&app));
    let apps: Vec<_> = sandbox.apps().iter().map(App::id).collect();
    sandbox.shutdown().await;

    let sandbox = kept(&folder).await;
    assert_eq!(sandbox.api_key(), key, "the key that was made is still the key");
    assert_eq!(sandbox.apps().iter().map(App::id).collect::<Vec<_>>(), apps);
    let app = sandbox.app_named("Acme HR").unwrap();
    assert_eq!(all_of(&app), before);
    assert_eq!(sandbox.app_named("Acme HR, Paris").unwrap().types(), app.types());
    let (_, seen) = Client::with_key(&sandbox, "narrow").get("/api/apps/").await;
    assert_eq!(seen["count"], 1, "a narrow key is as narrow as before");
}

#[tokio::test]
async fn a_session_goes_on_where_it_was_and_its_completion_removes_what_it_must() {
    for narrow in [false, true] {
        let folder = TempDir::new().unwrap();
        let mut assumptions = Assumptions::default();
        assumptions.companions_in_progress = narrow;
        assumptions.links_end_at_completion = narrow;
        let sandbox = kept_with(&folder, assumptions).await;
        let (client, app) = equip(&sandbox).await;
        let member = |id: &str, teams| json!([{"id": id, "email": id, "memberships": {"team": teams}}]);
        let session = client.start(&app).await;
        client.push(&session, "team", json!([{"id": "t1", "name": "Core"}, {"id": "t2", "name": "Ops"}])).await;
        client.push(&session, "employee", member("7", json!(["t1"]))).await;
        client.push(&session, "employee", accounts(&["8", "9"])).await;
        client.complete(&session).await;
        let session = client.start(&app).await;
        client.push(&session, "team", json!([{"id": "t1", "name": "Core"}, {"id": "t2", "name": "Ops"}])).await;
        client.push(&session, "employee", member("7", json!(["t2"]))).await;
        let (_, progress) = client.get(&session).await;
        sandbox.shutdown().await;

        let sandbox = kept_with(&folder, assumptions).await;
        let (client, app) = (Client::new(&sandbox), sandbox.app_named("Acme HR").unwrap());
        assert_eq!(client.get(&session).await.1, progress);
        assert_eq!(client.push(&session, "employee", accounts(&["8"])).await.0, 200);
        client.push(&session, "employee", member("7", json!(["t2"]))).await;
        assert_eq!(app.session(app.sessions()[1].id).unwrap().types[0].ids, 2, "what was pushed before counts");
        assert_eq!(client.complete(&session).await.0, 202);
        assert_eq!(app.removed("employee"), ["9"]);
        assert_eq!(app.record("employee", "7").unwrap().fields["memberships"]["team"], json!(["t2"]));
    }
}

#[tokio::test]
async fn what_was_due_while_nobody_ran_happens_at_the_start() {
    let folder = TempDir::new().unwrap();
    let mut assumptions = Assumptions::default();
    assumptions.clean_up_takes = Duration::from_millis(1);
    assumptions.session_expires_after = Some(Duration::from_millis(1));
    let mut slow = assumptions;
    slow.clean_up_takes = Duration::from_secs(3600);
    slow.session_expires_after = None;
    let sandbox = kept_with(&folder, slow).await;
    let (client, app) = equip(&sandbox).await;
    app.put_record("employee", &json!({"id": "7", "email": "a"}));
    let open = client.start(&app).await;
    let session = client.start(&app).await;
    client.complete(&session).await;
    app.assert_active("employee", "7");
    sandbox.advance(Duration::from_secs(3000));
    sandbox.shutdown().await;

    let sandbox = kept_with(&folder, assumptions).await;
    let app = sandbox.app_named("Acme HR").unwrap();
    assert_eq!(Client::new(&sandbox).get(&open).await.1["status"], "expired");
    app.assert_active("employee", "7");
    assert!(sandbox.now() > Timestamp::now() + Duration::from_secs(2900), "the clock is as far ahead as it was");
    sandbox.advance(Duration::from_secs(700));
    app.assert_removed("employee", "7");
}

#[tokio::test]
async fn a_key_that_is_given_is_the_first_and_the_old_one_stays_valid() {
    let folder = TempDir::new().unwrap();
    let sandbox = kept(&folder).await;
    let old = sandbox.api_key().to_owned();
    sandbox.shutdown().await;
    let builder = Sandbox::builder().state_file(folder.path().join("state")).api_key("new");
    let sandbox = builder.also_tenant("umbrella", "other").start().await.unwrap();
    assert_eq!(sandbox.api_key(), "new");
    for key in ["new", &old] {
        assert_eq!(Client::with_key(&sandbox, key).get("/api/apps/").await.0, 200);
    }
    sandbox.revoke_key();
    sandbox.shutdown().await;
    let sandbox = Sandbox::builder().state_file(folder.path().join("state")).tenant("umbrella").start().await.unwrap();
    assert_eq!((sandbox.api_key(), sandbox.base_url().ends_with("/umbrella")), ("other", true));
    assert_eq!(sandbox.tenants().len(), 2);
    let url = format!("{}/api/apps/", sandbox.tenant("acme").unwrap().base_url());
    let request = crate::common::http().get(url).header("Authorization", "Api-Key new");
    crate::common::refused(&crate::common::send(request).await, 403, "revoked");
}

#[tokio::test]
async fn a_file_that_cannot_be_used_is_refused_with_words_and_left_as_it_was() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("state");
    let refusal = async || {
        let started = Sandbox::builder().state_file(&file).start().await;
        started.expect_err("such a file is refused").to_string()
    };
    kept(&folder).await.shutdown().await;
    Connection::open(&file).unwrap().pragma_update(None, "user_version", 99).unwrap();
    let words = refusal().await;
    assert!(words.contains("newer bridge-sandbox (format 99; this one knows 1)"), "{words}");

    std::fs::remove_file(&file).unwrap();
    Connection::open(&file).unwrap().execute_batch("CREATE TABLE mine (a)").unwrap();
    let before = std::fs::read(&file).unwrap();
    let words = refusal().await;
    assert!(words.contains("no state file of bridge-sandbox"), "{words}");
    assert_eq!(std::fs::read(&file).unwrap(), before);

    std::fs::write(&file, "my diary, not a database, and rather longer than a hundred bytes ".repeat(9)).unwrap();
    let words = refusal().await;
    assert!(words.contains("state") && words.contains("not a database"), "{words}");
}

#[tokio::test]
async fn two_sandboxes_cannot_share_a_file() {
    let folder = TempDir::new().unwrap();
    let _sandbox = kept(&folder).await;
    let second = Sandbox::builder().state_file(folder.path().join("state")).start().await;
    let words = second.expect_err("the file is in use").to_string();
    assert!(words.contains("in use by another"), "{words}");
}

#[cfg(unix)]
#[tokio::test]
async fn only_the_owner_can_read_the_state_file_and_its_companions() {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = TempDir::new().unwrap();
    let modes = || {
        let files = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap());
        files.map(|file| (file.file_name(), file.metadata().unwrap().permissions().mode() & 0o777)).collect::<Vec<_>>()
    };
    for _ in 0..2 {
        let sandbox = kept(&folder).await;
        sandbox.create_app("Acme HR");
        let modes = modes();
        assert!(modes.len() > 1 && modes.iter().all(|(_, mode)| *mode == 0o600), "{modes:?}");
        sandbox.shutdown().await;
        // As an earlier version left it.
        let open = std::fs::Permissions::from_mode(0o644);
        std::fs::set_permissions(folder.path().join("state"), open).unwrap();
    }
}

#[tokio::test]
async fn a_password_that_was_reported_is_not_in_the_state_file() {
    let folder = TempDir::new().unwrap();
    let sandbox = kept(&folder).await;
    let (client, app) = equip(&sandbox).await;
    let task = app.queue(NewTask::new("reset_password", "employee").account(json!({"id": "7"})));
    let report = json!({"status": "completed", "result": {"password": "hunter2-zebra", "host": "vpn.acme.test"}});
    assert_eq!(client.send("PATCH", &format!("{}tasks/{task}/status/", path(&app)), &report).await.0, 200);
    for file in std::fs::read_dir(folder.path()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        assert!(!String::from_utf8_lossy(&bytes).contains("hunter2-zebra"));
    }
    let id = app.id();
    sandbox.shutdown().await;
    let again = kept(&folder).await;
    let result = again.app(id).unwrap().task(task).unwrap().result.unwrap();
    assert_eq!(result["host"], "vpn.acme.test");
}
