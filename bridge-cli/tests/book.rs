//! The commands of `bridge` that the guide in `docs/guide` shows are taken by the program.

#![allow(clippy::unwrap_used)]

#[path = "../../bridge-sandbox/tests/guide/blocks.rs"]
#[allow(dead_code)] // the pages show no files for `bridge`
mod blocks;

use std::{
    fs,
    io::{BufRead, BufReader},
    path::Path,
    process::{Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use blocks::blocks;
use tempfile::TempDir;

const LIMIT: Duration = Duration::from_secs(60);

/// The arguments of every such command, with its place.
fn commands() -> Vec<(String, Vec<String>)> {
    let guide = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/guide");
    let mut commands = Vec::new();
    for page in fs::read_dir(guide).unwrap().map(|entry| entry.unwrap().path()) {
        let text = fs::read_to_string(&page).unwrap();
        for block in blocks(&text).into_iter().filter(|block| block.language == "console") {
            for line in block.text.lines().filter_map(|line| line.strip_prefix("$ bridge ")) {
                let place = format!("{}, line {}: `bridge {line}`", page.display(), block.line);
                commands.push((place, line.split_whitespace().map(str::to_owned).collect()));
            }
        }
    }
    commands
}

/// A connector is written for each `new`, and each `sandbox` says where it serves.
#[test]
fn every_command_does_what_it_is_shown_for() {
    let commands = commands();
    assert!(commands.iter().any(|(_, words)| words[0] == "new"));
    assert!(commands.iter().filter(|(_, words)| words[0] == "sandbox").count() > 15);
    for (place, words) in commands {
        let folder = TempDir::new().unwrap();
        let mut bridge = Command::new(env!("CARGO_BIN_EXE_bridge"));
        bridge.args(&words).current_dir(folder.path());
        if words[0] == "new" {
            assert!(bridge.output().unwrap().status.success(), "{place}");
            assert!(folder.path().join(&words[1]).join("src/main.rs").is_file(), "{place}");
            continue;
        }
        assert_eq!(words[0], "sandbox", "{place}");
        let mut sandbox = bridge.args(["--listen", "127.0.0.1:0"]).stdout(Stdio::piped()).spawn().unwrap();
        let (say, said) = mpsc::channel();
        let mut output = BufReader::new(sandbox.stdout.take().unwrap());
        thread::spawn(move || {
            let mut line = String::new();
            let read = output.read_line(&mut line);
            say.send(read.map(|_| line))
        });
        // It says so once it serves, or closes its output when it ends.
        let line = said.recv_timeout(LIMIT).expect("in time").unwrap();
        sandbox.kill().unwrap();
        sandbox.wait().unwrap();
        assert!(line.starts_with("export BRIDGE_URL="), "{place}: {line}");
    }
}
