//! How a connector's commands end: the exit codes of the table, each with one clear message.

use std::{fs, process::Stdio, time::Duration};

use bridge_sandbox::{Fault, Sandbox};
use tokio::{net::TcpListener, time::timeout};

use crate::program::{Ended, Program, heard};

/// The end of a command that fails: its code, and what it says on standard error.
#[track_caller]
fn fails(ended: &Ended, code: i32, says: &[&str]) {
    assert_eq!(ended.code, Some(code), "{}", ended.stderr);
    for part in says {
        assert!(ended.stderr.contains(part), "`{part}` is missing in: {}", ended.stderr);
    }
}

/// The smallest example, in front of a sandbox.
async fn stage() -> (Sandbox, Program) {
    let sandbox = Sandbox::start().await.unwrap();
    let program = Program::new("quickstart").facing(&sandbox);
    (sandbox, program)
}

#[tokio::test]
async fn a_wrong_command_line_is_2() {
    fails(&Program::new("quickstart").run(&["synk"]).await, 2, &["synk", "sync"]);
    fails(&Program::new("quickstart").run(&[]).await, 2, &["Commands:"]);
}

#[tokio::test]
async fn a_wrong_configuration_is_78() {
    let unset = Program::new("quickstart");
    fails(&unset.run(&["sync"]).await, 78, &["no API key", "BRIDGE_API_KEY"]);
    let key_alone = Program::new("quickstart").set("BRIDGE_API_KEY", "k");
    fails(&key_alone.run(&["sync"]).await, 78, &["BRIDGE_TENANT", "BRIDGE_URL"]);
    let both = key_alone.set("BRIDGE_TENANT", "acme").set("BRIDGE_URL", "https://iden.example/org/acme");
    fails(&both.run(&["sync"]).await, 78, &["both a tenant and a URL"]);
    let malformed = Program::new("quickstart").set("BRIDGE_API_KEY", "k").set("BRIDGE_TENANT", "acme");
    fails(&malformed.set("BRIDGE_APP_ID", "7").run(&["sync"]).await, 78, &["app_id"]);
    let no_base = Program::new("quickstart").set("BRIDGE_API_KEY", "k").set("BRIDGE_URL", "https://iden.example");
    fails(&no_base.run(&["sync"]).await, 78, &["/org/"]);
    let plain = Program::new("quickstart").set("BRIDGE_API_KEY", "k").set("BRIDGE_URL", "http://iden.example/org/acme");
    fails(&plain.run(&["sync"]).await, 78, &["http"]);
    let two_keys = Program::new("quickstart").set("BRIDGE_API_KEY", "k").set("BRIDGE_API_KEY_FILE", "key");
    fails(&two_keys.run(&["sync"]).await, 78, &["BRIDGE_API_KEY", "which of them"]);
}

#[tokio::test]
async fn a_wrong_setting_of_run_is_78_before_any_request() {
    let (sandbox, _) = stage().await;
    for (name, value) in [("BRIDGE_SYNC_EVERY", "1d"), ("BRIDGE_SYNC_CRON", "61 * * * *"), ("BRIDGE_LISTEN", ":9480")] {
        let program = Program::new("quickstart").facing(&sandbox).set(name, value);
        fails(&program.run(&["run"]).await, 78, &[&name.trim_start_matches("BRIDGE_").to_lowercase()]);
        assert_eq!(sandbox.requests().len(), 0, "{name}");
    }
}

#[tokio::test]
async fn all_that_is_wrong_is_said_at_once_with_the_file_that_was_looked_for() {
    let program = Program::new("quickstart").set("BRIDGE_LISTEN", "9480").set("BRIDGE_SYNC_CRON", "61 * * * *");
    let ended = program.run(&["sync", "--app", "Payroll"]).await;
    let file = program.path("bridge.toml");
    let file = file.to_str().unwrap();
    let says = ["has 5 problems", "BRIDGE_TENANT", "sync_cron: ", "listen: ", "`Payroll`", "no API key", file];
    fails(&ended, 78, &says);
}

#[tokio::test]
async fn a_create_app_that_is_set_for_good_is_warned_of() {
    let (_sandbox, program) = stage().await;
    let once = program.run(&["sync", "--create-app"]).await.ok();
    assert!(!once.stderr.contains("for good"), "{}", once.stderr);
    let program = program.set("BRIDGE_CREATE_APP", "true");
    let ended = program.run(&["sync"]).await.ok();
    assert!(ended.stderr.contains("BRIDGE_CREATE_APP is set for good"), "{}", ended.stderr);
}

#[tokio::test]
async fn a_first_run_is_a_flag_that_is_needed_once() {
    let (sandbox, program) = stage().await;
    program.run(&["sync", "--first-run"]).await.ok();
    let again = program.run(&["sync", "--first-run"]).await.ok();
    assert!(again.stderr.contains("--first-run has no effect"), "{}", again.stderr);
    assert_eq!(sandbox.apps().len(), 1);
    let app = sandbox.apps()[0].id().to_string();
    fails(&program.run(&["sync", "--first-run", "--app-id", &app]).await, 78, &["--first-run", "app id"]);
}

#[tokio::test]
async fn an_unknown_key_in_the_file_is_78_and_shown_in_its_line() {
    let program = Program::new("quickstart").set("BRIDGE_API_KEY", "k");
    fs::write(program.path("bridge.toml"), "tenant = \"acme\"\nsink_every = \"5m\"\n").unwrap();
    fails(&program.run(&["sync"]).await, 78, &["bridge.toml", "sink_every", "sync_every"]);
    fails(&program.run(&["sync", "--config", "none.toml"]).await, 78, &["none.toml"]);
}

#[tokio::test]
async fn the_file_the_key_file_and_the_flags_work_together() {
    let sandbox = Sandbox::start().await.unwrap();
    let program = Program::new("quickstart");
    fs::write(program.path("key"), format!("{}\n", sandbox.api_key())).unwrap();
    let settings = "url = \"https://other.example/org/acme\"\napi_key_file = \"key\"\nstate_dir = \"state\"\n";
    fs::write(program.path("bridge.toml"), settings).unwrap();
    // What compose files pass on empty counts as unset.
    let program =
        program.set("BRIDGE_TENANT", "").set("BRIDGE_APP_ID", "").set("BRIDGE_API_KEY", "").set("BRIDGE_CONFIG", "");
    program.run(&["sync", "--url", &sandbox.base_url()]).await.ok();
    assert_eq!(sandbox.app_named("Quickstart").unwrap().active("employee"), 2);
    assert!(program.path("state").exists());
}

#[tokio::test]
async fn a_server_that_is_not_there_is_69() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/org/acme", listener.local_addr().unwrap());
    drop(listener);
    let program = Program::new("quickstart").set("BRIDGE_API_KEY", "k").set("BRIDGE_URL", url);
    let state = program.path("state");
    let program = program.set("BRIDGE_STATE_DIR", state);
    fails(&program.run(&["sync"]).await, 69, &["could not be reached", "hint:"]);
}

#[tokio::test]
async fn a_refused_key_is_77() {
    let (_sandbox, program) = stage().await;
    let program = program.set("BRIDGE_API_KEY", "another");
    fails(&program.run(&["sync"]).await, 77, &["401", "BRIDGE_API_KEY"]);
}

#[tokio::test]
async fn a_push_that_fails_for_ever_is_69_and_removes_nobody() {
    let (sandbox, program) = stage().await;
    program.run(&["sync"]).await.ok();
    sandbox.fault(Fault::ending("PUT", "/employee/").answer(500, "no"));
    fails(&program.run(&["sync"]).await, 69, &["could not push a page", "nobody was removed"]);
    let status = program.run(&["status"]).await.ok().stdout;
    assert!(status.contains("the last sync failed: could not push a page"), "{status}");
    sandbox.clear_faults();
    program.run(&["sync"]).await.ok();
    let status = program.run(&["status"]).await.ok().stdout;
    assert!(!status.contains("failed"), "{status}");
    assert_eq!(sandbox.app_named("Quickstart").unwrap().active("employee"), 2);
}

#[tokio::test]
async fn a_held_completion_is_3_and_an_approval_lets_it_through() {
    let (sandbox, program) = stage().await;
    program.run(&["sync"]).await.ok();
    // The state is lost: what the app holds is not known any more.
    fs::remove_dir_all(program.path("state")).unwrap();
    let held = program.run(&["sync"]).await;
    fails(&held, 3, &["held", "Iden counts 2 active accounts", "approve "]);
    assert_eq!(sandbox.app_named("Quickstart").unwrap().sessions().last().unwrap().status, "abandoned");

    fails(&program.run(&["approve", "000000000000", "--reason", "typo"]).await, 65, &["000000000000"]);
    let hash = held.stderr.split("approve ").nth(1).unwrap().split(' ').next().unwrap();
    program.run(&["approve", hash, "--reason", "it is ours"]).await.ok();
    program.run(&["sync"]).await.ok();
    assert_eq!(sandbox.app_named("Quickstart").unwrap().sessions().last().unwrap().status, "completed");
}

#[tokio::test]
async fn a_state_that_cannot_be_written_is_74() {
    let (_sandbox, program) = stage().await;
    fs::write(program.path("a_file"), "").unwrap();
    let inside = program.path("a_file").join("state");
    fails(&program.set("BRIDGE_STATE_DIR", inside).run(&["sync"]).await, 74, &["a_file"]);
}

#[tokio::test]
async fn dev_notes_a_url_and_does_not_use_it() {
    let (sandbox, program) = stage().await;
    let ended = program.run(&["dev", "--once"]).await.ok();
    assert!(ended.stderr.contains("BRIDGE_URL"), "{}", ended.stderr);
    assert!(sandbox.apps().is_empty());
}

#[cfg(unix)]
#[tokio::test]
async fn a_running_connector_is_the_only_one_and_ends_with_0_when_told_to_stop() {
    for signal in ["INT", "TERM"] {
        let (sandbox, program) = stage().await;
        let mut running = program.start(&["run"]);
        let synced = async {
            while sandbox.app_named("Quickstart").is_none_or(|app| app.last_synced_at().is_none()) {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(Duration::from_secs(30), synced).await.expect("it syncs");

        fails(&program.run(&["sync"]).await, 75, &["another connector is running"]);

        let pid = running.id().expect("it runs").to_string();
        let told = std::process::Command::new("kill").args([&format!("-{signal}"), &pid]).status().unwrap();
        assert!(told.success());
        let ended = timeout(Duration::from_secs(30), running.wait()).await.expect("it ends").unwrap();
        assert_eq!(ended.code(), Some(0), "{signal}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn an_interrupted_sync_is_130_and_abandons() {
    let (sandbox, program) = stage().await;
    // An answer that takes its time, so that the signal meets the sync in the middle.
    sandbox.fault(Fault::ending("PUT", "/team/").delay(Duration::from_secs(2)));
    let mut running = program.start(&["sync"]);
    let pushing = async {
        while sandbox.app_named("Quickstart").is_none_or(|app| app.sessions().is_empty()) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(Duration::from_secs(30), pushing).await.expect("it opens a session");
    let pid = running.id().expect("it runs").to_string();
    assert!(std::process::Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    let ended = timeout(Duration::from_secs(30), running.wait()).await.expect("it ends").unwrap();
    assert_eq!(ended.code(), Some(130));
    assert_eq!(sandbox.app_named("Quickstart").unwrap().sessions()[0].status, "abandoned");
}

#[tokio::test]
async fn the_version_is_that_of_the_program_and_the_librarys_stands_beside_it() {
    let said = Program::new("quickstart").run(&["--version"]).await.ok().stdout;
    assert_eq!(said, format!("quickstart (iden-bridge {})\n", env!("CARGO_PKG_VERSION")));
    let said = Program::new("acme_hr").run(&["--version"]).await.ok().stdout;
    assert_eq!(said, format!("acme_hr {0} (iden-bridge {0})\n", env!("CARGO_PKG_VERSION")));
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_result_that_could_not_be_written_is_no_success() {
    let full = || fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    for arguments in [["schema"].as_slice(), &["dev", "--once", "--json"]] {
        let program = Program::new("quickstart");
        let running = program.command(arguments).stdout(full()).stderr(Stdio::piped()).spawn().unwrap();
        fails(&heard(running).await, 1, &["could not be written to standard output"]);
    }
}
