use std::fmt;

/// Which paths a rule is about. `*` stands for anything between two slashes.
#[derive(Clone, Debug)]
pub(crate) enum PathPattern {
    /// The path with its query contains this.
    Part(String),
    /// The path without its query ends with this.
    End(String),
}

impl PathPattern {
    pub(crate) fn fits(&self, path: &str) -> bool {
        let (pattern, text, whole) = match self {
            PathPattern::Part(part) => (part, path, false),
            PathPattern::End(end) => (end, path.split('?').next().unwrap_or_default(), true),
        };
        let text = text.as_bytes();
        (0..=text.len()).any(|start| matches(pattern.as_bytes(), &text[start..], whole))
    }
}

/// `text` begins with the pattern, or is it as a whole.
fn matches(pattern: &[u8], text: &[u8], whole: bool) -> bool {
    match pattern.split_first() {
        None => !whole || text.is_empty(),
        Some((b'*', rest)) => {
            let segment = text.iter().position(|byte| *byte == b'/').unwrap_or(text.len());
            (0..=segment).any(|length| matches(rest, &text[length..], whole))
        }
        Some((byte, rest)) => text.first() == Some(byte) && matches(rest, &text[1..], whole),
    }
}

impl fmt::Display for PathPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PathPattern::Part(part) => write!(f, "with `{part}`"),
            PathPattern::End(end) => write!(f, "that end in `{end}`"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_one_segment_and_no_more() {
        for (pattern, path, fits) in [
            ("/apps/*/tasks/", "/org/acme/apps/7/tasks/", true),
            ("/apps/*/tasks/", "/org/acme/apps/7/tasks/?limit=1", true),
            ("/apps/*/tasks/", "/org/acme/apps/7/tasks/8/", false),
            ("/apps/*/tasks/", "/org/acme/apps/7/8/tasks/", false),
            ("/tasks/*/status/", "/apps/7/tasks/8/status/", true),
            ("/sync/", "/apps/7/sync/8/", false),
        ] {
            assert_eq!(PathPattern::End(pattern.to_owned()).fits(path), fits, "{pattern} {path}");
        }
        for (pattern, path, fits) in [
            ("", "/", true),
            ("/tasks/", "/apps/7/tasks/8/", true),
            ("/apps/*/tasks/", "/apps/7/tasks/8/", true),
            ("status=pend*", "/tasks/?status=pending", true),
            ("status=failed", "/tasks/?status=pending", false),
        ] {
            assert_eq!(PathPattern::Part(pattern.to_owned()).fits(path), fits, "{pattern} {path}");
        }
    }
}
