//! What a connector does to a terminal, and never to a pipe: colours, and the line that says what it is doing.

use std::{process::Stdio, time::Duration};

use bridge_sandbox::{Fault, Sandbox};
use serde_json::Value;
use tokio::io::AsyncReadExt as _;

use crate::{
    program::{Program, heard, signal},
    pseudo_terminal,
};

const WHEEL: char = '⠙';

/// A sandbox that takes its time for each page.
async fn slow() -> (Sandbox, Program) {
    let sandbox = Sandbox::start().await.unwrap();
    sandbox.fault(Fault::on("PUT", "/employee/").delay(Duration::from_millis(1_500)));
    let program = Program::new("quickstart").facing(&sandbox);
    (sandbox, program)
}

async fn written(program: &Program, line: &str, variables: &[(&str, &str)]) -> String {
    let arguments: Vec<&str> = line.split(' ').collect();
    heard(pseudo_terminal::start(program, &arguments, variables)).await.ok().stdout
}

#[tokio::test]
async fn on_a_terminal_a_line_says_what_is_done_and_goes_when_it_is_over() {
    if !pseudo_terminal::is_there() {
        return;
    }
    let (_sandbox, program) = slow().await;
    let written = written(&program, "sync", &[]).await;
    assert!(written.contains("Quickstart  reading `employee`, 2 records so far"), "{written:?}");
    assert!(written.contains("pages: 1 on their way"), "{written:?}");
    let longest = written.split(['\r', '\n']).map(|line| line.chars().count()).max().unwrap();
    assert!(longest < 120, "80 columns and some sequences: {written:?}");
    let seen = pseudo_terminal::seen(&written);
    assert_eq!(seen[0], "Quickstart: synced, completed", "{seen:#?}");
    assert!(seen.iter().all(|line| !line.contains("so far")), "{seen:#?}");
}

#[tokio::test]
async fn a_pipe_a_dumb_terminal_and_ci_never_see_a_line_that_moves() {
    if !pseudo_terminal::is_there() {
        return;
    }
    let (sandbox, program) = slow().await;
    let piped = program.run(&["sync"]).await.ok();
    assert!(!piped.stderr.contains('\x1b') && !piped.stdout.contains('\x1b'), "{}{}", piped.stdout, piped.stderr);
    assert!(!piped.stderr.contains(WHEEL), "{}", piped.stderr);
    for (line, variables) in [
        ("sync", [("TERM", "dumb")]),
        ("sync", [("CI", "true")]),
        ("sync --log-format json --log info", [("NO_COLOR", "1")]),
    ] {
        let written = written(&program, line, &variables).await;
        assert!(!written.contains(WHEEL) && !written.contains("\x1b[J"), "{variables:?}: {written:?}");
    }
    // Nor does its own standard error on a terminal disturb a result in a pipe.
    let shell = format!("'{}' sync --json > result", example_path(&program));
    let mut command = tokio::process::Command::new("script");
    let known = program.command(&[]);
    command.args(["-qec", &shell, "/dev/null"]).envs(known.as_std().get_envs().filter_map(|(k, v)| Some((k, v?))));
    command.current_dir(program.path("")).env("TERM", "xterm").env_remove("CI").stdin(Stdio::null());
    let on_the_terminal = String::from_utf8(command.output().await.unwrap().stdout).unwrap();
    assert!(on_the_terminal.contains("records so far"), "{on_the_terminal:?}");
    let result = std::fs::read_to_string(program.path("result")).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&result).unwrap()["completed"], true);
    assert_eq!(sandbox.app_named("Quickstart").unwrap().active("employee"), 2);
}

fn example_path(program: &Program) -> String {
    program.command(&[]).as_std().get_program().to_str().unwrap().to_owned()
}

#[tokio::test]
async fn no_line_of_the_log_is_torn() {
    if !pseudo_terminal::is_there() {
        return;
    }
    let (sandbox, program) = slow().await;
    let mut running = pseudo_terminal::start(&program, &["run", "--sync-every", "10s"], &[("NO_COLOR", "1")]);
    let mut stdout = running.stdout.take().unwrap();
    let (mut bytes, mut part) = (Vec::new(), [0; 4096]);
    let waiting = async {
        while !String::from_utf8_lossy(&bytes).contains("Quickstart  waiting until") {
            let length = stdout.read(&mut part).await.unwrap();
            assert!(length > 0, "it goes on: {}", String::from_utf8_lossy(&bytes));
            bytes.extend_from_slice(&part[..length]);
        }
    };
    tokio::time::timeout(Duration::from_secs(30), waiting).await.expect("it syncs, and waits");
    signal(&running, "TERM");
    let written = String::from_utf8_lossy(&bytes);
    assert!(written.contains(WHEEL), "{written:?}");
    let seen = pseudo_terminal::seen(&written);
    let log = || seen.iter().filter(|line| line.contains(" INFO "));
    assert!(
        log().any(|line| line.contains("sync completed bridge.created=") && line.ends_with("bridge.settled=true")),
        "{seen:#?}"
    );
    for line in log() {
        let stamp = line.trim_start().split(' ').next().unwrap();
        assert!(stamp.parse::<jiff::Timestamp>().is_ok(), "a line begins with its time: {line}");
    }
    let moving: Vec<_> = seen.iter().filter(|line| line.contains("Quickstart  ")).collect();
    assert!(moving.len() <= 1, "it stands once: {seen:#?}");
    drop(sandbox);
}

#[tokio::test]
async fn colours_are_for_terminals_and_not_for_whoever_does_not_want_them() {
    if !pseudo_terminal::is_there() {
        return;
    }
    let program = Program::new("quickstart");
    let (bold, red) = ("\x1b[1mCommands:\x1b[0m", "\x1b[31merror:\x1b[0m");
    assert!(written(&program, "--help", &[]).await.contains(bold));
    for variables in [[("NO_COLOR", "1")], [("TERM", "dumb")]] {
        let help = written(&program, "--help", &variables).await;
        assert!(help.contains("Commands:") && !help.contains('\x1b'), "{variables:?}: {help:?}");
    }
    assert!(!program.run(&["--help"]).await.ok().stdout.contains('\x1b'));

    for arguments in [&["sync"][..], &["synk"]] {
        let failed = heard(pseudo_terminal::start(&program, arguments, &[])).await;
        assert!(failed.stdout.contains(red), "{:?}", failed.stdout);
        let plain = heard(pseudo_terminal::start(&program, arguments, &[("NO_COLOR", "1")])).await;
        assert!(plain.stdout.contains("error:") && !plain.stdout.contains('\x1b'), "{:?}", plain.stdout);
        assert!(!program.run(arguments).await.stderr.contains('\x1b'));
    }
}

#[tokio::test]
async fn bash_completes_commands_and_flags() {
    let program = Program::new("quickstart");
    let script = program.run(&["completions", "bash"]).await.ok().stdout;
    std::fs::write(program.path("complete.bash"), script).unwrap();
    let completed = |words: &str| {
        let ask = format!(
            "source complete.bash; COMP_WORDS=({words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); \
             _quickstart quickstart \"${{COMP_WORDS[COMP_CWORD]}}\" \"\"; echo \"${{COMPREPLY[@]}}\""
        );
        let mut bash = std::process::Command::new("bash");
        let bash = bash.args(["--norc", "-c", &ask]).current_dir(program.path("")).output().expect("bash is there");
        assert!(bash.status.success(), "{}", String::from_utf8_lossy(&bash.stderr));
        String::from_utf8(bash.stdout).unwrap()
    };
    assert_eq!(completed("quickstart app").trim(), "approve");
    assert_eq!(completed("quickstart tasks re").trim(), "retry");
    assert_eq!(completed("quickstart --sync-e").trim(), "--sync-every");
    for other in ["zsh", "fish"] {
        assert!(program.run(&["completions", other]).await.ok().stdout.contains("quickstart"));
    }
}
