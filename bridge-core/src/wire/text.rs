//! Text from the other side, made fit to print.

/// Makes untrusted text safe for a terminal and a log line, and bounds it.
///
/// Control characters and characters that change the direction of text are escaped, so that a server cannot forge a log
/// line or hide a part of one. At most `limit` characters of `text` are kept; `…` marks what was cut off.
///
/// ```
/// use bridge_core::wire::text::printable;
///
/// assert_eq!(printable("no\nINFO all is well", 64), r"no\nINFO all is well");
/// assert_eq!(printable("abcdef", 3), "abc…");
/// assert_eq!(printable("\u{61c}a\u{ad}b", 64), r"\u{61c}a\u{ad}b");
/// ```
pub fn printable(text: &str, limit: usize) -> String {
    let mut out = String::new();
    let mut chars = text.chars();
    for char in chars.by_ref().take(limit) {
        if char.is_control() || is_hidden(char) { out.extend(char.escape_default()) } else { out.push(char) }
    }
    if chars.next().is_some() {
        out.push('…');
    }
    out
}

/// Zero width, line and paragraph separators, direction marks and overrides, soft hyphens, annotations, tags.
pub(crate) fn is_hidden(char: char) -> bool {
    matches!(char, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
        || matches!(char, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Says why JSON does not fit a type, without repeating any of its values.
///
/// serde's own messages quote values (`invalid type: string "…"`), and a value can be a password. What is kept is a
/// missing field's name, our own messages (they start with a field name in backticks), and the place.
///
/// ```
/// use bridge_core::wire::{SyncSession, text::decode_fault};
///
/// let fault = serde_json::from_str::<SyncSession>("{}").unwrap_err();
/// assert_eq!(decode_fault(&fault), "missing field `sync_id` at line 1 column 2");
/// let fault = serde_json::from_str::<SyncSession>(r#"{"sync_id": "hunter2"}"#).unwrap_err();
/// assert_eq!(decode_fault(&fault), "a value does not fit at line 1 column 21");
/// ```
pub fn decode_fault(fault: &serde_json::Error) -> String {
    use serde_json::error::Category;
    let said = fault.to_string();
    if fault.is_data() && (said.starts_with("missing field") || said.starts_with('`')) {
        return printable(&said, 200);
    }
    let what = match fault.classify() {
        Category::Eof => "the JSON ends early",
        Category::Syntax => "not JSON",
        Category::Data | Category::Io => "a value does not fit",
    };
    format!("{what} at line {} column {}", fault.line(), fault.column())
}
