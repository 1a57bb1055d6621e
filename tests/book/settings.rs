//! Settings that the guide shows.

use std::fs;

use crate::{
    blocks::{blocks, files},
    pages::{file, names, pages},
    program::Program,
};

#[tokio::test]
async fn every_settings_file_is_one_that_a_connector_takes() {
    let mut tried = 0;
    for (page, text) in pages() {
        for (name, text) in files(&blocks(&text)).filter(|(name, _)| *name == "bridge.toml") {
            let program = Program::new("acme_hr");
            fs::write(program.path(name), text).unwrap();
            let ended = program.run(&["schema", "--config", name]).await;
            assert_eq!(ended.code, Some(0), "{}: {}", page.display(), ended.stderr);
            tried += 1;
        }
    }
    assert!(tried > 1, "{tried}");
}

#[test]
fn every_manifest_depends_on_what_there_is() {
    let ours: toml::Table = file("Cargo.toml").parse().unwrap();
    let version = ours["workspace"]["package"]["version"].as_str().unwrap();
    let mut read = 0;
    for (page, text) in pages() {
        for (name, text) in files(&blocks(&text)).filter(|(name, _)| *name != "bridge.toml") {
            assert_eq!(name, "Cargo.toml", "{}", page.display());
            let manifest: toml::Table = text.parse().unwrap_or_else(|error| panic!("{}: {error}", page.display()));
            let asked = manifest["dependencies"]["iden-bridge"].as_str().unwrap();
            assert!(version.starts_with(asked), "{asked} of {version}");
            for name in ["serde", "tokio"] {
                let (asked, used) = (&manifest["dependencies"][name], &ours["workspace"]["dependencies"][name]);
                let (asked, used) = (asked["version"].as_str().unwrap(), used["version"].as_str().unwrap());
                assert!(used.starts_with(asked), "{name} {asked} of {used}");
            }
            read += 1;
        }
    }
    assert!(read > 0);
}

/// `docs/configuration.md` is made from the command line itself.
#[test]
fn every_variable_that_is_named_is_one_that_is_read() {
    let reference = file("docs/configuration.md");
    let known = names(&reference, "BRIDGE_");
    for (page, text) in pages() {
        for name in names(&text, "BRIDGE_") {
            assert!(known.contains(&name), "{}: {name} is no setting", page.display());
        }
    }
}

/// `docs/telemetry.md` is made from the figures themselves.
#[test]
fn every_figure_that_is_named_is_one_that_is_served() {
    let reference = file("docs/telemetry.md");
    let known = names(&reference, "bridge_");
    let mut named = 0;
    for (page, text) in pages() {
        let prose = |block: &&str| !block.starts_with("rust");
        // What is no figure: crates and the macro.
        let others = ["bridge_runtime", "bridge_sandbox", "bridge_task"];
        for name in text.split("```").filter(prose).flat_map(|part| names(part, "bridge_")) {
            assert!(known.contains(&name) || others.contains(&name), "{}: {name} is no figure", page.display());
            named += 1;
        }
    }
    assert!(named > 5, "{named}");
}
