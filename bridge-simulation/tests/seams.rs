//! What is simulated is all that the engines do: they take time and chance from their seams alone.
#![allow(clippy::unwrap_used)]

use std::{fs, path::Path};

const ROOMS: [&str; 6] = ["client", "connector", "gate.rs", "source", "sync", "tasks"];
/// Behind the seams: what talks to the real world.
const ADAPTERS: [&str; 1] = ["client/http.rs"];
const OUTSIDE: [&str; 9] = [
    "Instant::now",
    "SystemTime",
    "Timestamp::now",
    "Zoned::now",
    "time::sleep",
    "time::timeout",
    "time::interval",
    "new_v4",
    "fastrand",
];

/// Every file there, without its tests.
fn files(path: &Path, found: &mut Vec<(String, String)>) {
    if path.is_dir() {
        fs::read_dir(path).unwrap().for_each(|entry| files(&entry.unwrap().path(), found));
        return;
    }
    let name = path.display().to_string();
    if name.ends_with(".rs") && !name.contains("tests") && !ADAPTERS.iter().any(|adapter| name.ends_with(adapter)) {
        let text = fs::read_to_string(path).unwrap();
        found.push((name, text.split("#[cfg(test)]\nmod tests {").next().unwrap().to_owned()));
    }
}

#[test]
fn the_engines_take_time_and_chance_from_their_seams_alone() {
    let (root, mut found) = (Path::new(env!("CARGO_MANIFEST_DIR")).join("../bridge-runtime/src"), Vec::new());
    ROOMS.iter().for_each(|room| files(&root.join(room), &mut found));
    assert!(found.len() > 80, "{} files", found.len());
    for (name, text) in &found {
        for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with("//")) {
            let outside = OUTSIDE.iter().find(|word| line.contains(*word));
            assert!(outside.is_none(), "{name}:{}: {}", number + 1, line.trim());
        }
    }
}
