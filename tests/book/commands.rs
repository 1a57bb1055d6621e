//! Commands that the guide shows.

use crate::{blocks::blocks, pages::pages, program::Program};

/// Programs of somebody else, which are not tried.
const FOREIGN: [&str; 7] = ["cargo", "cd", "export", "install", "mv", "rsync", "systemctl"];

/// The words of a line for a shell: between blanks, or between quotes.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (position, part) in line.split('"').enumerate() {
        match position % 2 {
            0 => words.extend(part.split_whitespace().map(str::to_owned)),
            _ => words.push(part.to_owned()),
        }
    }
    words
}

/// The program and the arguments of a line, if it is about a connector.
fn connector(words: &[String]) -> Option<(&'static str, &[String])> {
    match words {
        [cargo, run, dashes, rest @ ..] if cargo == "cargo" && run == "run" && dashes == "--" => {
            Some(("acme_hr", rest))
        }
        [program, rest @ ..] if program == "acme_hr" => Some(("acme_hr", rest)),
        [program, rest @ ..] if program == "regions" => Some(("regions", rest)),
        _ => None,
    }
}

/// With a settings file that is not there, a command that the command line takes ends with 78 before it does anything, and one
/// that it does not take with 2.
#[tokio::test]
async fn every_command_is_one_that_a_connector_takes() {
    let mut tried = 0;
    for (page, text) in pages() {
        for block in blocks(&text).into_iter().filter(|block| block.language == "console") {
            for line in block.text.lines() {
                let place = format!("{}, line {}: `{line}`", page.display(), block.line);
                let command = line.strip_prefix("$ ").unwrap_or_else(|| panic!("{place}: what is printed is a `text`"));
                let words = words(command);
                let Some((program, arguments)) = connector(&words) else {
                    let ours = words[0] == "bridge"; // see `bridge-cli/tests/book.rs`
                    assert!(ours || FOREIGN.contains(&words[0].as_str()), "{place}: nobody tries this");
                    continue;
                };
                let program = Program::new(program).set("BRIDGE_CONFIG", "none.toml");
                let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
                let ended = program.run(&arguments).await;
                assert_eq!(ended.code, Some(78), "{place}: {}{}", ended.stdout, ended.stderr);
                tried += 1;
            }
        }
    }
    assert!(tried > 20, "{tried}");
}

#[test]
fn a_line_is_split_as_a_shell_does() {
    assert_eq!(words(r#"approve 5b --reason "the Bonn office""#), ["approve", "5b", "--reason", "the Bonn office"]);
}
