//! Colours. Texts are made with them; [`washed`] takes them off where a stream has none.

use std::fmt::Display;

/// What a colour means. The numbers are those of ECMA-48's "select graphic rendition".
#[derive(Clone, Copy, Debug)]
#[repr(u8)]
pub(super) enum Ink {
    Strong = 1,
    Bad = 31,
    Good = 32,
    Warning = 33,
}

impl Ink {
    pub(super) fn on(self, text: impl Display) -> String {
        format!("\x1b[{}m{text}\x1b[0m", self as u8)
    }
}

/// The text without its colours.
pub(super) fn washed(text: &str) -> String {
    let mut parts = text.split("\x1b[");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        match part.split_once('m') {
            Some((number, rest)) if number.bytes().all(|byte| byte.is_ascii_digit()) => plain.push_str(rest),
            _ => {
                plain.push_str("\x1b[");
                plain.push_str(part);
            }
        }
    }
    plain
}

/// Help, or a complaint about the command line, with colours: clap would do it with six crates more.
pub(super) fn painted(help: &str) -> String {
    help.split_inclusive('\n').map(painted_line).collect()
}

fn painted_line(line: &str) -> String {
    for (start, ink) in [("error:", Ink::Bad), ("  tip:", Ink::Good), ("Usage:", Ink::Strong)] {
        if let Some(rest) = line.strip_prefix(start) {
            return format!("{}{rest}", ink.on(start));
        }
    }
    let (text, end) = line.strip_suffix('\n').map_or((line, ""), |text| (text, "\n"));
    if text.ends_with(':') && !text.starts_with(' ') {
        return format!("{}{end}", Ink::Strong.on(text));
    }
    let name = text.trim_start();
    let indent = text.len() - name.len();
    // A command stands two blanks in, a flag two or six; what is said of them stands behind, or deeper.
    let is_code = name.starts_with(|first: char| first.is_ascii_digit());
    if name.is_empty() || is_code || !(indent == 2 || indent == 6 && name.starts_with('-')) {
        return line.to_owned();
    }
    let (name, rest) = name.find("  ").map_or((name, ""), |at| name.split_at(at));
    format!("{}{}{rest}{end}", &text[..indent], Ink::Strong.on(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_washed_is_what_was_written() {
        let text = format!("{}: {} and {}", Ink::Bad.on("error"), Ink::Strong.on("a [m] 1m"), "\x1b[2J stays, \x1b[");
        assert_eq!(washed(&text), "error: a [m] 1m and \x1b[2J stays, \x1b[");
    }

    #[test]
    fn painting_changes_no_letter_of_the_help() {
        let help = "About it\n\nUsage: hr [OPTIONS] <COMMAND>\n\nCommands:\n  run   Go on\n\nOptions:\n      --json  Print\n  -h, --help\n          Print help\n\nExit codes:\n  130  interrupted\n";
        let painted = painted(help);
        assert_eq!(washed(&painted), help);
        for part in ["\x1b[1mUsage:\x1b[0m hr", "\x1b[1mCommands:\x1b[0m\n", "  \x1b[1mrun\x1b[0m   Go on"] {
            assert!(painted.contains(part), "{part:?} in {painted:?}");
        }
        assert!(painted.contains("      \x1b[1m--json\x1b[0m  Print") && painted.contains("          Print help"));
        assert!(painted.contains("\n  130  interrupted"));
    }
}
