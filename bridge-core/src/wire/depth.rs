//! How deep JSON may be nested.
//!
//! It matters where a value is made of it. What nobody reads is passed over without going down into it, however deep it is.

/// So many objects and lists may stand inside one another in what a server sends (reliability.md section 4.7).
pub(super) const DEEPEST: usize = 64;

/// Whether objects and lists are nested deeper than so many levels. One look at each byte; whether it is JSON at all is not
/// its matter.
pub(super) fn is_deeper_than(levels: usize, json: &[u8]) -> bool {
    let (mut depth, mut in_text, mut escaped) = (0_usize, false, false);
    for byte in json {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            _ if in_text => {}
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > levels {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_levels_as_are_allowed_are_not_too_many() {
        let nested = |levels| [b"[".repeat(levels), b"]".repeat(levels)].concat();
        assert!(!is_deeper_than(DEEPEST, &nested(DEEPEST)));
        assert!(is_deeper_than(DEEPEST, &nested(DEEPEST + 1)));
    }

    #[test]
    fn levels_are_counted_and_not_brackets() {
        let wide = format!("[{}]", "[[]],".repeat(1_000));
        assert!(!is_deeper_than(DEEPEST, wide.as_bytes()));
        let mixed = |levels: usize| format!("{}{}", r#"{"a":["#.repeat(levels / 2), "]}".repeat(levels / 2));
        assert!(!is_deeper_than(DEEPEST, mixed(DEEPEST).as_bytes()));
        assert!(is_deeper_than(DEEPEST, mixed(DEEPEST + 2).as_bytes()));
    }

    #[test]
    fn brackets_in_text_are_text() {
        let brackets = "[".repeat(DEEPEST + 1);
        for text in [format!(r#""{brackets}""#), format!(r#""\"{brackets}""#), format!(r#"["\\", "{brackets}"]"#)] {
            assert!(!is_deeper_than(DEEPEST, text.as_bytes()), "{text}");
        }
        assert!(is_deeper_than(DEEPEST, format!(r#"["\\", {brackets}"#).as_bytes()));
    }
}
