//! Completion of the command line by a shell.

use clap::{CommandFactory as _, ValueEnum};
use clap_complete::{Generator, generate, shells};

use super::args::Args;

/// The shells that are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Shell {
    Bash,
    Zsh,
    Fish,
}

/// The script for the program of this name.
pub(super) fn script(shell: Shell, program: &str) -> String {
    match shell {
        Shell::Bash => of(shells::Bash, program),
        Shell::Zsh => of(shells::Zsh, program),
        Shell::Fish => of(shells::Fish, program),
    }
}

fn of(shell: impl Generator, program: &str) -> String {
    let mut script = Vec::new();
    generate(shell, &mut Args::command(), program, &mut script);
    String::from_utf8_lossy(&script).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_script_names_each_command_and_each_setting() {
        let command = Args::command();
        let tasks = command.find_subcommand("tasks").expect("a command");
        let names = command.get_subcommands().chain(tasks.get_subcommands()).map(|one| one.get_name().to_owned());
        let flags = command.get_arguments().filter_map(|one| one.get_long()).map(str::to_owned);
        let words: Vec<String> = names.chain(flags).collect();
        assert!(words.iter().any(|word| word == "approve") && words.iter().any(|word| word == "retry"), "{words:?}");
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
            let script = script(shell, "hr");
            for word in &words {
                assert!(script.contains(word), "{shell:?}: {word}");
            }
        }
    }
}
