//! Text from outside, as it may stand in a page or on a terminal. The templates escape it; here it loses what would deceive the
//! eye: control characters, marks that turn the direction of writing, and endless length.

use std::fmt::Write;

use serde_json::Value;

use crate::secrets;

/// The longest text in a line, in characters.
const LONGEST_LINE: usize = 160;
/// The longest text in a block, in characters. What is larger is cut, and says so.
const LONGEST_BLOCK: usize = 256 * 1024;

/// A text for a line or a cell of a table. A longer one is cut; the page of the thing itself has the whole.
pub(crate) fn line(text: &str) -> String {
    shown(text, LONGEST_LINE, &[])
}

/// A text for a block of its own, with its line breaks and tabs.
pub(crate) fn block(text: &str) -> String {
    shown(text, LONGEST_BLOCK, &['\n', '\t'])
}

/// JSON for a block of its own, indented, without secrets.
pub(crate) fn json(value: &Value) -> String {
    block(&serde_json::to_string_pretty(&secrets::hidden(value)).unwrap_or_default())
}

/// Whether a line does not show the whole text.
pub(crate) fn is_cut(text: &str) -> bool {
    text.chars().nth(LONGEST_LINE).is_some()
}

fn shown(text: &str, longest: usize, kept: &[char]) -> String {
    let mut shown = String::with_capacity(text.len().min(longest));
    let mut letters = text.chars();
    for letter in letters.by_ref().take(longest) {
        match letter {
            letter if kept.contains(&letter) => shown.push(letter),
            // U+2400 and on are pictures of the control characters.
            '\0'..='\x1f' => shown.extend(char::from_u32(0x2400 + u32::from(letter))),
            '\x7f' => shown.push('\u{2421}'),
            letter if deceives(letter) => {
                let _ = write!(shown, "⟨U+{:04X}⟩", u32::from(letter));
            }
            letter => shown.push(letter),
        }
    }
    let rest = letters.count();
    if rest > 0 {
        let _ = write!(shown, "… ({rest} more characters)");
    }
    shown
}

/// Is it there, and yet not to be seen? Not the joiners U+200C and U+200D, which real names need.
fn deceives(letter: char) -> bool {
    matches!(letter,
        '\u{80}'..='\u{9f}' | '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}'
        | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_deceive_the_eye_is_spelled_out() {
        assert_eq!(line("ann\u{202e}exe.\0\n"), "ann⟨U+202E⟩exe.␀␊");
        assert_eq!(block("one\n\ttwo\x1b"), "one\n\ttwo␛");
    }

    #[test]
    fn names_of_all_scripts_stay_as_they_are() {
        for name in ["Zoë O'Neill", "محمد", "می‌خواهم", "李小龍", "👩‍💻"] {
            assert_eq!(line(name), name);
        }
    }

    #[test]
    fn a_long_text_is_cut_and_says_by_how_much() {
        let name = "a".repeat(64 * 1024);
        let cut = line(&name);
        assert!(is_cut(&name) && cut.ends_with("… (65376 more characters)") && cut.len() < 200, "{cut}");
        assert_eq!(block(&name), name);
    }
}
