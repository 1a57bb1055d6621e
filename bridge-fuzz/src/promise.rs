//! What is promised of every text that leaves or is shown.

use serde_json::Value;

/// A secret that is planted; no text that is shown may hold it.
pub(crate) const CANARY: &str = "hunter2-canary";

/// The most that an error may say, in characters: a few hundred of somebody else's, each of which may be escaped by ten.
pub(crate) const LONGEST: usize = 7_000;

/// What stands in a log line or on a terminal: one line, bounded, and nothing in it that hides or turns a part of it.
#[track_caller]
pub(crate) fn assert_shown(text: &str, most: usize) {
    let odd = text.chars().find(|char| char.is_control() || turns_or_hides(*char));
    assert!(odd.is_none(), "{odd:?} in {text:?}");
    let chars = text.chars().count();
    assert!(chars <= most, "{chars} characters, {most} is the most: {text:?}");
}

/// Unicode's Bidi_Control, its line ends, and what has no width. Written down once more, not taken from the code.
fn turns_or_hides(char: char) -> bool {
    matches!(u32::from(char),
        0xad | 0x61c | 0x180e | 0x200b..=0x200f | 0x2028..=0x202e | 0x2060..=0x2069 | 0xfeff | 0xfff9..=0xfffb
        | 0xe0000..=0xe007f)
}

/// Nothing shows the secret, unless the input had it in a place of its own.
#[track_caller]
pub(crate) fn assert_silent(text: &str, input: &[u8]) {
    let given = input.windows(CANARY.len()).any(|part| part == CANARY.as_bytes());
    assert!(given || !text.contains(CANARY), "the secret is shown: {text:?}");
}

/// The same value, with the secret in place of each text.
pub(crate) fn all_texts_secret(value: &Value) -> Value {
    match value {
        Value::String(_) => CANARY.into(),
        Value::Array(items) => items.iter().map(all_texts_secret).collect(),
        Value::Object(fields) => {
            Value::Object(fields.iter().map(|(name, value)| (name.clone(), all_texts_secret(value))).collect())
        }
        other => other.clone(),
    }
}
