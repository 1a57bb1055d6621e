//! The smallest program.

use crate::{program::Program, summary::task};

#[tokio::test]
async fn quickstart_is_short_and_suspends_bob() {
    let source = include_str!("../../examples/quickstart.rs");
    assert!(source.lines().count() < 60);
    let program = Program::new("quickstart");
    let summary = program.run(&["dev", "--once", "--json"]).await.json();
    let suspended = task(&summary["apps"][0], "suspend_account");
    assert_eq!(suspended["before"]["status"], "active");
    assert_eq!(suspended["after"]["status"], "inactive");
    let shown = program.run(&["dev", "--once"]).await.ok().stdout;
    assert!(shown.contains("status: active -> inactive"), "{shown}");
}
