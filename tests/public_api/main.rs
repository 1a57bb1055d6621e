//! What users of each crate can name stands in a file, so that no change of it goes unseen.
//!
//! It builds the documentation of all crates, some minutes on a new machine, so plain `cargo test` leaves it out:
//! `cargo test --test public_api -- --ignored`. A change that is meant is written down with `UPDATE_DOCS=1`, and reviewed
//! like code.

#![allow(clippy::unwrap_used)] // helpers of a test

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use public_api::PublicApi;

const CRATES: [&str; 4] = ["iden-bridge", "bridge-core", "bridge-runtime", "bridge-sandbox"];

/// Writes down what rustdoc knows of the crates; where.
fn document() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let built = Command::new(env!("CARGO"))
        .args(["doc", "--quiet", "--locked", "--no-deps"])
        .args(CRATES.iter().flat_map(|name| ["-p", name]))
        .env("RUSTDOC", root.join("tests/public_api/rustdoc"))
        .env("RUSTDOCFLAGS", "-Z unstable-options --output-format json --cap-lints allow")
        .current_dir(root)
        .status();
    assert!(built.unwrap().success(), "the documentation is built");
    // This test is target/…/deps/….
    env::current_exe().unwrap().ancestors().nth(3).unwrap().join("doc")
}

/// Every public item of a crate, one a line; without what a derive or the compiler adds.
fn api(documents: &Path, name: &str) -> String {
    let json = documents.join(name.replace('-', "_")).with_extension("json");
    let api = public_api::Builder::from_rustdoc_json(json)
        .omit_blanket_impls(true)
        .omit_auto_trait_impls(true)
        .omit_auto_derived_impls(true)
        .build();
    PublicApi::items(&api.unwrap()).map(|item| format!("{item}\n")).collect()
}

fn snapshot(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/public_api").join(name).with_extension("txt")
}

#[test]
#[ignore = "builds the documentation of all crates; .ci/run runs it"]
fn what_users_can_name_changes_only_on_purpose() {
    let documents = document();
    for name in CRATES {
        let (api, file) = (api(&documents, name), snapshot(name));
        if env::var_os("UPDATE_DOCS").is_some() {
            fs::write(&file, api).unwrap();
            continue;
        }
        let before = fs::read_to_string(&file).unwrap();
        let gone = before.lines().filter(|line| !api.lines().any(|now| now == *line));
        let new = api.lines().filter(|line| !before.lines().any(|then| then == *line));
        let changes: Vec<_> = gone.map(|line| format!("- {line}")).chain(new.map(|line| format!("+ {line}"))).collect();
        assert!(
            changes.is_empty(),
            "the public items of {name} have changed. If that is meant: UPDATE_DOCS=1, and a line in CHANGELOG.md\n{}",
            changes.join("\n")
        );
    }
}
