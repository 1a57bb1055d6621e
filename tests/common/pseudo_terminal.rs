//! A program on a terminal: what it writes there, and what a person sees in the end.

use std::{env, process::Stdio};

use tokio::process::{Child, Command};

use crate::program::Program;

/// Whether `script` of util-linux is there, which makes the terminal. With `BRIDGE_REQUIRE_TOOLS` set its absence is a
/// failure.
pub fn is_there() -> bool {
    let found = std::process::Command::new("script").arg("--version").stdout(Stdio::null()).status().is_ok();
    assert!(found || env::var_os("BRIDGE_REQUIRE_TOOLS").is_none(), "`script` is not there (Debian: bsdutils)");
    if !found {
        eprintln!("SKIPPED: `script` of util-linux is not there, so nothing was tried on a terminal");
    }
    found
}

/// Starts the program on a terminal of 80 columns, with these variables. What it writes there, to both streams, is the
/// child's standard output.
pub fn start(program: &Program, arguments: &[&str], variables: &[(&str, &str)]) -> Child {
    let command = program.command(arguments);
    let command = command.as_std();
    let quoted = |text: &std::ffi::OsStr| format!("'{}'", text.to_str().unwrap().replace('\'', "'\\''"));
    let words: Vec<String> = [command.get_program()].into_iter().chain(command.get_args()).map(quoted).collect();
    let mut script = Command::new("script");
    script.args(["-qec", &format!("stty cols 80 rows 24; exec {}", words.join(" ")), "/dev/null"]);
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => script.env(name, value),
            None => script.env_remove(name),
        };
    }
    for name in ["NO_COLOR", "CI"] {
        script.env_remove(name);
    }
    script.env("TERM", "xterm").envs(variables.iter().copied()).current_dir(command.get_current_dir().unwrap());
    script.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true).spawn().unwrap()
}

/// What stands on the screen after all this was written, as far as the program's few sequences go.
pub fn seen(written: &str) -> Vec<String> {
    let (mut lines, mut row, mut column) = (vec![Vec::<char>::new()], 0, 0);
    let mut chars = written.chars().peekable();
    while let Some(char) = chars.next() {
        match char {
            '\r' => column = 0,
            '\n' => {
                row += 1;
                if row == lines.len() {
                    lines.push(Vec::new());
                }
            }
            '\x1b' => {
                assert_eq!(chars.next(), Some('['), "a sequence that this screen does not know");
                let mut number = String::new();
                let letter = loop {
                    match chars.next().expect("a sequence ends") {
                        letter if letter.is_ascii_alphabetic() => break letter,
                        digit => number.push(digit),
                    }
                };
                match letter {
                    'A' => row -= number.parse::<usize>().unwrap(),
                    'J' => {
                        lines.truncate(row + 1);
                        lines[row].truncate(column);
                    }
                    // Colours, and whether it wraps.
                    'm' | 'h' | 'l' => {}
                    other => panic!("a sequence that this screen does not know: {other}"),
                }
            }
            char => {
                let line = &mut lines[row];
                line.resize(line.len().max(column + 1), ' ');
                line[column] = char;
                column += 1;
            }
        }
    }
    lines.into_iter().map(|line| line.into_iter().collect::<String>().trim_end().to_owned()).collect()
}
