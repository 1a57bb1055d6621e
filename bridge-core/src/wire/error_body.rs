//! The body of an error answer (protocol.md section 1).

use serde_json::Value;

use super::depth::{DEEPEST, is_deeper_than};
use super::text::printable;

/// What a server says when it refuses a request (protocol.md section 1).
///
/// Documented is `{"detail": "human readable"}`. Some frameworks send an object or a list there, or the object of field
/// errors alone; all of it is turned into one line of text. The text is the server's: to be shown, never to be decided on.
///
/// ```
/// use bridge_core::wire::ErrorBody;
///
/// let body = ErrorBody::read(br#"{"detail": {"records": [{"id": ["This field is required."]}]}}"#);
/// assert_eq!(body.detail(), "records: id: This field is required.");
/// ```
#[derive(Clone, PartialEq, Eq, Default)]
pub struct ErrorBody {
    detail: Option<String>,
    raw: String,
}

impl ErrorBody {
    /// The longest [`detail`](Self::detail), in characters of the server's text.
    pub const DETAIL_LIMIT: usize = 512;
    /// The longest [`raw`](Self::raw), in bytes.
    pub const RAW_LIMIT: usize = 16 * 1024;

    /// Reads a body. Never fails: what is not JSON, or is nested too deep, has no detail.
    pub fn read(body: &[u8]) -> Self {
        let value = if is_deeper_than(DEEPEST, body) { None } else { serde_json::from_slice(body).ok() };
        let detail = value.map(|value: Value| {
            let mut text = String::new();
            render(value.get("detail").unwrap_or(&value), &mut text);
            printable(text.trim(), Self::DETAIL_LIMIT)
        });
        let mut raw = String::from_utf8_lossy(&body[..body.len().min(Self::RAW_LIMIT)]).into_owned();
        // Longer than the body where bytes are no text: each of them is replaced by three.
        raw.truncate(raw.floor_char_boundary(Self::RAW_LIMIT));
        Self { detail, raw }
    }

    /// The server's words in one line, control characters escaped. Empty where the body is not JSON or says nothing.
    pub fn detail(&self) -> &str {
        self.detail.as_deref().unwrap_or_default()
    }

    /// Whether the body was JSON that can be read. An HTML page comes from something in between, not from Bridge.
    pub fn is_json(&self) -> bool {
        self.detail.is_some()
    }

    /// The beginning of the body as it came. Not escaped, and it may repeat data that was sent: not for logs.
    pub fn raw(&self) -> &str {
        &self.raw
    }
}

impl std::fmt::Debug for ErrorBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ErrorBody").field("detail", &self.detail).field("raw_bytes", &self.raw.len()).finish()
    }
}

fn render(value: &Value, out: &mut String) {
    // One more than is shown, so that the cut is marked.
    if out.len() > 4 * (ErrorBody::DETAIL_LIMIT + 1) {
        return;
    }
    match value {
        Value::Null => {}
        Value::String(text) => out.push_str(text),
        Value::Bool(_) | Value::Number(_) => out.push_str(&value.to_string()),
        Value::Array(items) => join(out, items.iter().map(|item| (None, item))),
        Value::Object(fields) => join(out, fields.iter().map(|(name, value)| (Some(name), value))),
    }
}

fn join<'a>(out: &mut String, parts: impl Iterator<Item = (Option<&'a String>, &'a Value)>) {
    for (index, (name, value)) in parts.enumerate() {
        if index > 0 {
            out.push_str("; ");
        }
        if let Some(name) = name {
            out.push_str(name);
            out.push_str(": ");
        }
        render(value, out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shape_of_detail_becomes_one_line() {
        for (body, detail) in [
            (r#"{"detail":"App not found."}"#, "App not found."),
            (r#"{"detail":["one","two"]}"#, "one; two"),
            (r#"{"detail":{"slug":["taken"],"code":7}}"#, "code: 7; slug: taken"),
            (r#"{"name":["This field may not be blank."]}"#, "name: This field may not be blank."),
            (r#"{"detail":null}"#, ""),
            (r#"{"detail":"a\nb\u001b[31m\u202e"}"#, r"a\nb\u{1b}[31m\u{202e}"),
            ("<html>502</html>", ""),
            ("", ""),
        ] {
            assert_eq!(ErrorBody::read(body.as_bytes()).detail(), detail, "{body}");
        }
        assert!(!ErrorBody::read(b"<html>").is_json());
        let nested = |levels: usize| format!(r#"{}"deep"{}"#, "[".repeat(levels), "]".repeat(levels));
        assert_eq!(ErrorBody::read(nested(64).as_bytes()).detail(), "deep");
        assert!(!ErrorBody::read(nested(65).as_bytes()).is_json());
    }

    #[test]
    fn both_parts_are_bounded() {
        let body = format!(r#"{{"detail":{:?}}}"#, vec!["é".repeat(300); 1000]);
        let read = ErrorBody::read(body.as_bytes());
        assert_eq!(read.detail().chars().count(), ErrorBody::DETAIL_LIMIT + 1);
        assert!(read.raw().len() <= ErrorBody::RAW_LIMIT);
        assert!(ErrorBody::read(&[0xFF; ErrorBody::RAW_LIMIT]).raw().len() <= ErrorBody::RAW_LIMIT);
    }
}
