//! `docs/sandbox.md` is true: its files are written, its programs started, its commands run, and their answers compared.

mod blocks;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use blocks::{Block, blocks, files};
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

const PAGE: &str = include_str!("../../../docs/sandbox.md");
/// In an answer: any value.
const ANYTHING: &str = "…";
const LIMIT: Duration = Duration::from_secs(60);

/// A folder with the files of the page.
fn folder() -> TempDir {
    let folder = TempDir::new().expect("a folder");
    for (name, text) in files(&blocks(PAGE)) {
        std::fs::write(folder.path().join(name), text).expect("a file");
    }
    folder
}

/// Says whether a program of this machine is there. Where it is not, its part of the page is not checked, unless
/// `BRIDGE_REQUIRE_TOOLS` is set.
fn has(tool: &str) -> bool {
    let found = std::process::Command::new(tool).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    let found = found.is_ok_and(|status| status.success());
    let required = std::env::var_os("BRIDGE_REQUIRE_TOOLS").is_some();
    assert!(found || !required, "{tool} is not there, and BRIDGE_REQUIRE_TOOLS is set");
    if !found {
        // Past the test harness, which keeps what a test that passes prints.
        let _ =
            writeln!(std::io::stderr(), "SKIPPED: {tool} is not there, so its part of docs/sandbox.md is not checked");
    }
    found
}

/// Starts the command line of a `console` block on a free port, and returns the variables that it says to export.
async fn start(block: &Block<'_>, folder: &Path) -> (Child, Vec<(String, String)>) {
    let line = block.text.lines().next().and_then(|line| line.strip_prefix("$ bridge-sandbox "));
    let line = line.unwrap_or_else(|| panic!("line {}: expected `$ bridge-sandbox …`", block.line));
    let mut command = Command::new(env!("CARGO_BIN_EXE_bridge-sandbox"));
    command.args(line.split_whitespace()).args(["--listen", "127.0.0.1:0"]);
    let mut child = command.current_dir(folder).stdout(Stdio::piped()).kill_on_drop(true).spawn().expect("a program");
    let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    let mut exports = Vec::new();
    for _ in 0..2 {
        let line = tokio::time::timeout(LIMIT, lines.next_line()).await.expect("in time").expect("a line");
        let line = line.unwrap_or_else(|| panic!("line {}: the program ended at once", block.line));
        let (name, value) = line.strip_prefix("export ").and_then(|line| line.split_once('=')).expect("an export");
        exports.push((name.to_owned(), value.to_owned()));
    }
    (child, exports)
}

#[tokio::test]
async fn every_command_line_of_the_page_starts() {
    let folder = folder();
    let all = blocks(PAGE);
    let consoles: Vec<_> = all.iter().filter(|block| block.language == "console").collect();
    assert!(consoles.len() > 3);
    for block in consoles {
        let (mut child, exports) = start(block, folder.path()).await;
        assert_eq!(exports[0].0, "BRIDGE_URL");
        child.kill().await.expect("it runs");
    }
}

#[tokio::test]
async fn the_walk_through_answers_what_the_page_says() {
    if !has("curl") {
        return;
    }
    let folder = folder();
    let all = blocks(PAGE);
    let console = all.iter().find(|block| block.language == "console").expect("a command that starts it");
    let (_child, exports) = start(console, folder.path()).await;

    // One shell for all of it: what a block sets, the next ones use.
    let steps: Vec<_> = all.iter().enumerate().filter(|(_, block)| block.language == "sh").collect();
    let script: String =
        steps.iter().map(|(_, step)| format!("{}\nprintf '\\036'\n", step.text)).collect::<Vec<_>>().concat();
    let mut command = Command::new("sh");
    command.args(["-e", "-u", "-c", &script]).envs(exports).current_dir(folder.path()).kill_on_drop(true);
    let output = tokio::time::timeout(LIMIT, command.output()).await.expect("in time").expect("a shell");
    let printed = String::from_utf8(output.stdout).expect("text");
    let answers: Vec<_> = printed.split('\u{1e}').collect();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert_eq!(answers.len(), steps.len() + 1, "a step failed: {complaint}\n{printed}");

    let mut compared = 0;
    for ((index, step), answer) in steps.iter().zip(answers) {
        let Some(expected) = all.get(index + 1).filter(|next| ["json", "text"].contains(&next.language)) else {
            assert_eq!(answer, "", "line {}: the page shows no answer", step.line);
            continue;
        };
        compared += 1;
        if expected.language == "text" {
            assert_eq!(answer.trim_end(), expected.text.trim_end(), "line {}", step.line);
        } else {
            let read = |text: &str| -> Value {
                serde_json::from_str(text).unwrap_or_else(|error| panic!("line {}: {error}: {text}", step.line))
            };
            let (answer, expected) = (read(answer), read(expected.text));
            assert!(fits(&answer, &expected), "line {}: expected {expected:#}, came {answer:#}", step.line);
        }
    }
    assert!(compared > 10, "{compared}");
}

/// Equal, but for the places where anything may stand.
fn fits(answer: &Value, expected: &Value) -> bool {
    match (answer, expected) {
        (_, Value::String(text)) if text == ANYTHING => true,
        (Value::Array(answer), Value::Array(expected)) => {
            answer.len() == expected.len() && answer.iter().zip(expected).all(|(one, other)| fits(one, other))
        }
        (Value::Object(answer), Value::Object(expected)) => {
            let fits = |(name, value): (&String, &Value)| answer.get(name).is_some_and(|answer| fits(answer, value));
            answer.len() == expected.len() && expected.iter().all(fits)
        }
        _ => answer == expected,
    }
}

#[tokio::test]
async fn the_python_of_the_page_runs() {
    if !has("python3") {
        return;
    }
    let all = blocks(PAGE);
    let python = all.iter().find(|block| block.language == "python").expect("some Python");
    // `bridge-sandbox` is found where it was built.
    let built = PathBuf::from(env!("CARGO_BIN_EXE_bridge-sandbox"));
    let mut path = vec![built.parent().expect("a folder").to_owned()];
    path.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()));
    let mut command = Command::new("python3");
    command.args(["-c", python.text]).env("PATH", std::env::join_paths(path).expect("a path")).kill_on_drop(true);
    // Nothing between it and the loopback address.
    command.env("NO_PROXY", "*");
    let output = tokio::time::timeout(LIMIT, command.output()).await.expect("in time").expect("Python");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
