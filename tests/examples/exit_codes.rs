//! Each exit code of the README's table, from a program that ends with it.

use std::{fs, time::Duration};

use bridge_sandbox::{Fault, NewTask, Sandbox};
use serde_json::json;
use tokio::{net::TcpListener, time::timeout};

use crate::program::{Program, heard, signal};

/// A program that has synced.
async fn at_home() -> (Sandbox, Program) {
    let sandbox = Sandbox::start().await.unwrap();
    let program = Program::new("quickstart").facing(&sandbox);
    program.run(&["sync"]).await.ok();
    (sandbox, program)
}

async fn code(program: &Program, arguments: &[&str]) -> i32 {
    program.run(arguments).await.code.expect("no signal ended it")
}

/// Waits until `status` says this.
async fn until(program: &Program, says: &str) {
    let said = async { while !program.run(&["status"]).await.ok().stdout.contains(says) {} };
    timeout(Duration::from_secs(30), said).await.unwrap_or_else(|_| panic!("`status` never says {says}"));
}

async fn where_nobody_listens() -> i32 {
    let address = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let program = Program::new("quickstart").set("BRIDGE_API_KEY", "k");
    code(&program.set("BRIDGE_URL", format!("http://{address}/org/acme")), &["sync"]).await
}

/// A program whose report does not arrive is told to stop.
async fn something_left() -> i32 {
    let (sandbox, program) = at_home().await;
    sandbox.fault(Fault::ending("PATCH", "/status/").answer(500, "no"));
    sandbox.apps().remove(0).queue(NewTask::new("suspend_account", "employee").account(json!({"id": "1"})));
    let running = program.start_aloud(&["tasks", "run"]);
    until(&program, "1 not reported yet").await;
    signal(&running, "TERM");
    heard(running).await.code.unwrap()
}

/// Most people of the folder are gone.
async fn half_the_source() -> i32 {
    let sandbox = Sandbox::start().await.unwrap();
    let program = crate::csv_folder::program().facing(&sandbox);
    program.run(&["sync"]).await.ok();
    let file = program.path("export").join("people.csv");
    let whole = fs::read_to_string(&file).unwrap();
    fs::write(&file, whole.lines().take(20).collect::<Vec<_>>().join("\n")).unwrap();
    code(&program, &["sync"]).await
}

async fn a_damaged_journal() -> i32 {
    let (_sandbox, program) = at_home().await;
    let state = fs::read_dir(program.path("state")).unwrap().next().unwrap().unwrap().path();
    fs::write(state.join("journal.db"), "no database, and longer than its header is: ".repeat(100)).unwrap();
    code(&program, &["status"]).await
}

async fn another_at_work() -> i32 {
    let (_sandbox, program) = at_home().await;
    let mut running = program.start(&["run"]);
    until(&program, ", process ").await;
    let code = code(&program, &["run"]).await;
    running.kill().await.unwrap();
    code
}

/// A one-shot command waits for an answer that takes a minute.
async fn interrupted() -> i32 {
    let (sandbox, program) = at_home().await;
    sandbox.fault(Fault::ending("POST", "/sync/").delay(Duration::from_secs(60)));
    let running = program.start_aloud(&["sync"]);
    until(&program, ", process ").await;
    signal(&running, "INT");
    signal(&running, "TERM");
    heard(running).await.code.unwrap()
}

#[tokio::test]
async fn each_documented_exit_code_is_one_that_a_program_ends_with() {
    let (_sandbox, program) = at_home().await;
    let mut codes = vec![
        code(&program, &["status"]).await,
        something_left().await,
        code(&program, &["sink"]).await,
        half_the_source().await,
        code(&program, &["approve", "0123456789ab", "--reason", "no such plan"]).await,
        where_nobody_listens().await,
        a_damaged_journal().await,
        another_at_work().await,
    ];
    let program = program.set("BRIDGE_API_KEY", "another");
    codes.push(code(&program, &["sync"]).await);
    codes.push(code(&program.set("BRIDGE_API_KEY", ""), &["sync"]).await);
    codes.push(interrupted().await);

    let readme = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    let table = readme.split("<!-- exit codes").nth(1).unwrap().split("<!-- end").next().unwrap();
    let documented: Vec<i32> =
        table.lines().filter_map(|row| row.strip_prefix("| ")?.split(' ').next()?.parse().ok()).collect();
    assert_eq!(codes, documented);
}
