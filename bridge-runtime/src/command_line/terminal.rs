//! What the two streams can take: colours, and lines that change.

use std::{
    ffi::OsString,
    io::{self, IsTerminal},
};

/// Where text goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stream {
    Out,
    Err,
}

impl Stream {
    /// Whether colours may stand there.
    pub(super) fn has_colours(self) -> bool {
        self.look().has_colours()
    }

    /// Whether a line may be written over.
    pub(super) fn can_move(self) -> bool {
        self.look().can_move()
    }

    fn look(self) -> Surroundings {
        let terminal = match self {
            Stream::Out => io::stdout().is_terminal(),
            Stream::Err => io::stderr().is_terminal(),
        };
        Surroundings::of(terminal, |name| std::env::var_os(name))
    }
}

/// What decides.
#[derive(Clone, Copy, Debug)]
struct Surroundings {
    terminal: bool,
    no_color: bool,
    dumb: bool,
    ci: bool,
}

impl Surroundings {
    fn of(terminal: bool, variable: impl Fn(&str) -> Option<OsString>) -> Self {
        let set = |name: &str| variable(name).is_some_and(|value| !value.is_empty());
        // A console of Windows understands escape sequences only where a terminal of our days stands around it.
        let bare = cfg!(windows) && !set("WT_SESSION") && !set("TERM");
        let dumb = bare || variable("TERM").is_some_and(|term| term == "dumb");
        Surroundings { terminal, no_color: set("NO_COLOR"), dumb, ci: set("CI") }
    }

    fn has_colours(self) -> bool {
        self.terminal && !self.dumb && !self.no_color
    }

    fn can_move(self) -> bool {
        self.terminal && !self.dumb && !self.ci
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(terminal: bool, variables: &[(&str, &str)]) -> (bool, bool) {
        let found = Surroundings::of(terminal, |name| {
            let named = variables.iter().chain(&[("TERM", "xterm")]).find(|(variable, _)| *variable == name);
            named.map(|(_, value)| OsString::from(value))
        });
        (found.has_colours(), found.can_move())
    }

    #[test]
    fn colours_and_moving_lines_are_for_terminals_that_want_them() {
        assert_eq!(look(true, &[]), (true, true));
        assert_eq!(look(false, &[]), (false, false), "a file, or a pipe");
        assert_eq!(look(true, &[("NO_COLOR", "1")]), (false, true));
        assert_eq!(look(true, &[("NO_COLOR", "")]), (true, true), "empty is unset");
        assert_eq!(look(true, &[("TERM", "dumb")]), (false, false));
        assert_eq!(look(true, &[("CI", "true")]), (true, false), "a log of CI keeps each line");
    }
}
