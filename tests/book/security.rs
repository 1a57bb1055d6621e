//! What `SECURITY.md` promises: its tests exist, and advisories are checked, here with a `cargo-deny` of our own.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;

/// Runs `.ci/deny advisories` with this script as `cargo-deny`. Returns whether it passed, and what it said.
fn advisories(script: &str) -> (bool, String) {
    let tools = TempDir::new().unwrap();
    let program = tools.path().join("cargo-deny");
    fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", tools.path().display(), std::env::var("PATH").unwrap());
    let checks = Path::new(env!("CARGO_MANIFEST_DIR")).join(".ci/deny");
    let ended = Command::new(checks).arg("advisories").env("PATH", path).output().unwrap();
    let said = [ended.stdout, ended.stderr].concat();
    (ended.status.success(), String::from_utf8(said).unwrap())
}

#[test]
fn a_database_of_advisories_that_cannot_be_fetched_fails_loudly() {
    let (passed, said) = advisories("case \"$*\" in *fetch*) exit 1;; esac");
    assert!(!passed && said.contains("NOT CHECKED"), "{said}");
}

#[test]
fn an_index_that_cannot_be_read_is_denied_and_an_advisory_fails() {
    let (passed, said) = advisories("case \"$*\" in *fetch*) exit 0;; esac; echo \"$*\"; exit 0");
    assert!(passed && said.contains("--deny index-failure advisories"), "{said}");
    let (passed, _) = advisories("case \"$*\" in *fetch*) exit 0;; esac; exit 2");
    assert!(!passed);
}

#[test]
fn the_release_run_fails_without_the_advisories() {
    let release = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(".ci/release")).unwrap();
    assert!(release.contains("\n.ci/deny advisories 2>&1 | tee \"$out/advisories.txt\" || advisories=failed\n"));
    let (_, end) = release.rsplit_once("if [[ $advisories == failed ]]; then").expect("it looks at the end");
    assert!(end.contains("exit 1\n") && release.contains("set -euo pipefail"), "{end}");
}

/// Every Rust file below a folder, build results excepted.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let entries = entries.filter(|path| !path.ends_with("target") && !path.ends_with(".git"));
    let of = |path: PathBuf| if path.is_dir() { sources(&path) } else { vec![path] };
    entries.flat_map(of).filter(|path| path.extension().is_some_and(|end| end == "rs")).collect()
}

#[test]
fn every_promise_of_the_threat_model_names_a_test_that_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(root.join("SECURITY.md")).unwrap();
    let text: String = sources(root).iter().map(|path| fs::read_to_string(path).unwrap()).collect();
    let rows: Vec<&str> =
        page.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| attacker")).collect();
    assert!(rows.len() > 10, "{rows:?}");
    for row in rows {
        let tests = row.trim_end_matches(" |").rsplit(" | ").next().unwrap();
        let names: Vec<&str> = tests.split('`').skip(1).step_by(2).collect();
        assert!(!names.is_empty(), "no test: {row}");
        for name in names {
            let is_there = text.contains(&format!("fn {name}()")) || root.join(name).exists();
            assert!(is_there, "`{name}` does not exist: {row}");
        }
    }
}
