//! The `bridge-sandbox` program.

mod common;

use std::process::Stdio;
use std::time::Duration;

use bridge_sandbox::Sandbox;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bridge-sandbox"));
    command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    command
}

#[cfg(unix)]
#[tokio::test]
async fn it_prints_the_lines_to_export_serves_and_ends_cleanly_by_signal() {
    for signal in ["-INT", "-TERM"] {
        let mut child =
            program(&["--listen", "127.0.0.1:0", "--api-key", "dev", "--tenant", "umbrella"]).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let url = lines.next_line().await.unwrap().unwrap();
        let url = url.strip_prefix("export BRIDGE_URL=").unwrap();
        assert!(url.starts_with("http://127.0.0.1:") && url.ends_with("/org/umbrella"), "{url}");
        assert_eq!(lines.next_line().await.unwrap().unwrap(), "export BRIDGE_API_KEY=dev");

        let request = common::http().get(format!("{url}/api/apps/")).header("Authorization", "Api-Key dev");
        assert_eq!(common::send(request).await.0, 200);

        let id = child.id().unwrap().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().await.unwrap().success());
        let status = tokio::time::timeout(Duration::from_secs(5), child.wait()).await.unwrap().unwrap();
        assert!(status.success(), "{status}");
    }
}

#[tokio::test]
async fn a_taken_port_ends_it_with_a_message_that_helps() {
    let sandbox = Sandbox::start().await.unwrap();
    let output = program(&["--listen", &sandbox.address().to_string()]).output().await.unwrap();
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success());
    assert!(message.contains(&format!("cannot listen on {}", sandbox.address())), "{message}");
    assert!(message.contains("--listen"), "{message}");
    assert!(output.stdout.is_empty());
}

#[tokio::test]
async fn its_help_teaches() {
    let output = program(&["--help"]).output().await.unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
    for word in ["Examples:", "curl", "--listen", "127.0.0.1:8480", "--api-key", "--tenant", "Ctrl-C"] {
        assert!(help.contains(word), "{word} is not in:\n{help}");
    }
}
