//! What the guide quotes: the compiler, the program, and the codes.

use std::{
    fs,
    path::{Path, PathBuf},
};

use iden_bridge::Exit;

use crate::pages::{file, root};

/// Every file below a folder.
fn below(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { below(&path) } else { vec![path] }).collect()
}

/// The sources of a crate, without their tests and comments, with the lines of a text joined.
fn sources(krate: &str) -> Vec<String> {
    let files = below(&root().join(krate).join("src"));
    let is_code = |path: &Path| path.extension().is_some_and(|extension| extension == "rs");
    let is_test = |path: &Path| path.iter().any(|part| part == "tests" || part == "tests.rs");
    let files = files.iter().filter(|path| is_code(path) && !is_test(path.strip_prefix(root()).unwrap_or(path)));
    let text = |path: &PathBuf| {
        let text = fs::read_to_string(path).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap_or_default().lines();
        let code: Vec<_> = code.filter(|line| !line.trim_start().starts_with("//")).collect();
        let text = code.join("\n");
        let mut parts = text.split("\\\n");
        let first = parts.next().unwrap_or_default().to_owned();
        parts.fold(first, |all, part| all + part.trim_start())
    };
    files.map(text).collect()
}

/// The cells of the tables below a heading, row by row, without those of the head.
fn rows<'a>(page: &'a str, heading: &str) -> Vec<Vec<&'a str>> {
    let section = page.split_once(heading).unwrap_or_else(|| panic!("there is `{heading}`")).1;
    let section = section.split("\n## ").next().unwrap_or_default();
    let lines = section.lines().filter(|line| line.starts_with("| "));
    lines.map(|line| line.trim_matches('|').split(" | ").map(str::trim).collect()).collect()
}

/// The texts in code in a cell: between one backtick, or between two.
fn code(cell: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = cell;
    while let Some(start) = rest.find('`') {
        let fence = if rest[start..].starts_with("``") { "``" } else { "`" };
        let inside = &rest[start + fence.len()..];
        let Some(end) = inside.find(fence) else { break };
        found.push(inside[..end].trim());
        rest = &inside[end + fence.len()..];
    }
    found
}

#[test]
fn every_exit_code_is_explained() {
    let page = file("docs/guide/errors.md");
    let explained: Vec<_> = rows(&page, "## Exit codes").iter().filter_map(|row| row[0].parse::<u8>().ok()).collect();
    assert_eq!(explained, Exit::ALL.map(|exit| exit as u8));
}

#[test]
fn every_code_of_a_failed_task_is_explained() {
    let page = file("docs/guide/errors.md");
    let rows = rows(&page, "## Codes of failed tasks");
    let explained: Vec<_> = rows.iter().flat_map(|row| code(row[0])).collect();
    let mut reported = 0;
    for source in ["bridge-runtime", "bridge-core"].iter().flat_map(|krate| sources(krate)) {
        for code in ["TaskError::fail(\"", "TaskReport::failed(\""].iter().flat_map(|call| source.split(call).skip(1)) {
            let code = code.split('"').next().unwrap_or_default();
            assert!(explained.contains(&code), "{code} is not explained");
            reported += 1;
        }
    }
    assert!(reported > 10, "{reported}");
}

/// `tests/ui` holds what the compiler said.
#[test]
fn what_the_compiler_is_said_to_say_it_says() {
    let said: Vec<_> = below(&root().join("tests/ui")).iter().map(|path| fs::read_to_string(path).unwrap()).collect();
    let page = file("docs/guide/mapping.md");
    let rows = rows(&page, "## What the compiler refuses");
    let quoted: Vec<_> = rows.iter().flat_map(|row| code(row[1])).collect();
    assert!(quoted.len() > 10, "{quoted:?}");
    for quote in quoted {
        assert!(said.iter().any(|said| said.contains(quote)), "the compiler does not say: {quote}");
    }
}

/// What of a quoted message stands in the program as it is: the rest are names and numbers, for which there may be `…`.
fn literal(quote: &str) -> impl Iterator<Item = &str> {
    let parts = quote.split(|c: char| matches!(c, '…' | '`') || c.is_ascii_digit());
    parts.map(|part| part.trim_matches([' ', ':', ','])).filter(|part| part.len() > 5 && part.contains(' '))
}

#[test]
fn what_the_program_is_said_to_say_it_says() {
    let said: Vec<_> = ["bridge-runtime", "bridge-core"].iter().flat_map(|krate| sources(krate)).collect();
    let (errors, situations) = (file("docs/guide/errors.md"), file("docs/guide/what-happens-when.md"));
    let listed = ["## Starting", "## Talking to Iden", "## Syncing", "## The journal"].map(|part| rows(&errors, part));
    let listed = listed.concat().into_iter().map(|row| row[0]);
    let seen = situations.lines().filter_map(|line| line.strip_prefix("| you see | "));
    let mut compared = 0;
    for quote in listed.chain(seen).flat_map(code) {
        // A command, and not a message.
        if ["tasks ", "sync ", "plan ", "approve "].iter().any(|command| quote.starts_with(command)) {
            continue;
        }
        for part in literal(quote) {
            assert!(said.iter().any(|said| said.contains(part)), "the program does not say `{part}`, of: {quote}");
            compared += 1;
        }
    }
    assert!(compared > 50, "{compared}");
}
