//! The files that a sandbox begins with.

use std::io;

use bridge_sandbox::fuzzing;

/// A file is taken, or refused with its name; nothing of it that hides or turns a part of a terminal is shown.
pub fn sandbox_files(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    for name in ["file.toml", "file.json"] {
        refused(name, fuzzing::seed_file(name, &text));
        refused(name, fuzzing::fault_file(name, &text).map(drop));
    }
}

fn refused(name: &str, read: io::Result<()>) {
    let Err(error) = read else { return };
    let said = error.to_string();
    assert!(said.contains(name), "{said}");
    // A few lines, as TOML's own errors have them.
    let odd = said.chars().find(|char| char.is_control() && !['\n', '\t'].contains(char));
    assert!(odd.is_none(), "{odd:?} in {said:?}");
}
