//! The open questions of the protocol: each has its answer in the guide, and a connector syncs under all of them.

use bridge_sandbox::{Assumptions, Sandbox};

use crate::{blocks::blocks, pages::file, program::Program};

/// What each command of the page assumes, by name and value.
fn shown(page: &str) -> Vec<Vec<(String, String)>> {
    let consoles = blocks(page).into_iter().filter(|block| block.language == "console");
    let lines = consoles.flat_map(|block| block.text.lines()).filter_map(|line| line.strip_prefix("$ bridge sandbox "));
    let pair = |word: &str| word.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()));
    lines.map(|line| line.split_whitespace().filter_map(pair).collect()).collect()
}

#[test]
fn every_question_is_answered() {
    let page = file("docs/guide/protocol-assumptions.md");
    for number in 1..=18 {
        assert!(page.contains(&format!("\n### P{number}: ")), "P{number}");
    }
    let shown = shown(&page).concat();
    for one in Assumptions::default().list() {
        let other = shown.iter().any(|(name, value)| name == one.name && *value != one.value);
        assert!(other, "the page does not show another answer than `{}={}`", one.name, one.value);
    }
}

#[tokio::test]
async fn a_connector_syncs_under_every_answer() {
    let page = file("docs/guide/protocol-assumptions.md");
    for assumed in shown(&page) {
        let mut sandbox = Sandbox::builder();
        for (name, value) in &assumed {
            sandbox = sandbox.assume(name, value);
        }
        let sandbox = sandbox.start().await.unwrap();
        let program = Program::new("quickstart").facing(&sandbox);
        for _ in 0..2 {
            let ended = program.run(&["sync"]).await;
            assert_eq!(ended.code, Some(0), "{assumed:?}: {}", ended.stderr);
        }
        assert_eq!(sandbox.app_named("Quickstart").unwrap().active("employee"), 2, "{assumed:?}");
    }
}
