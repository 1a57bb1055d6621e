//! Removes the API key from everything a server sends back: errors repeat a part of it, and some servers and proxies echo
//! the request.

use reqwest::header::HeaderValue;

/// What stands before the key in the header.
pub(super) const SCHEME: &str = "Api-Key ";
/// Shorter keys are not searched: they would also match ordinary text.
const SHORTEST_KEY: usize = 8;
/// Every key begins with this in Iden's samples (protocol.md section 10). Hidden with all that follows, so that a key cut
/// off by the server, or another key, does not show either.
const KEY_PREFIX: &str = "sk_live_";
/// What stands in the place of a key.
const HIDDEN: &str = "…";

/// How many characters at least follow [`KEY_PREFIX`] in a key; the prefix alone is ordinary text.
const SHORTEST_REST: usize = 4;
/// How much escaping of one character is looked through: six levels of JSON in JSON, and as many `%25`.
const DEEPEST: usize = 63;

/// What to search for in the responses to one key.
pub(super) struct Redaction {
    /// The key in plain text and in base64.
    key: Vec<Vec<u8>>,
    /// Whether a match can start with a byte.
    starts: [bool; 256],
}

impl Redaction {
    /// For the key that `header` carries.
    pub(super) fn of(header: &HeaderValue) -> Self {
        let key = header.as_bytes().strip_prefix(SCHEME.as_bytes()).filter(|key| key.len() >= SHORTEST_KEY);
        let forms = |key: &[u8]| std::iter::once(key.to_vec()).chain(base64_forms(key)).collect();
        let key: Vec<Vec<u8>> = key.map(forms).unwrap_or_default();
        let mut starts = [false; 256];
        let firsts = key.iter().filter_map(|form| form.first()).chain(KEY_PREFIX.as_bytes().first());
        for byte in firsts.chain(b"\\%&") {
            starts[usize::from(*byte)] = true;
        }
        Redaction { key, starts }
    }

    /// `text` without the key, however it is encoded; `None` if the key is not in it.
    pub(super) fn hide(&self, text: &[u8]) -> Option<Vec<u8>> {
        let mut hidden: Option<Vec<u8>> = None;
        let (mut at, mut copied) = (0, 0);
        while let Some(byte) = text.get(at) {
            let end = if self.starts[usize::from(*byte)] { self.end(text, at) } else { None };
            let Some(end) = end else {
                at += 1;
                continue;
            };
            let hidden = hidden.get_or_insert_default();
            hidden.extend_from_slice(&text[copied..at]);
            hidden.extend_from_slice(HIDDEN.as_bytes());
            (at, copied) = (end, end);
        }
        let mut hidden = hidden?;
        hidden.extend_from_slice(&text[copied..]);
        Some(hidden)
    }

    /// The same for text.
    pub(super) fn hide_in(&self, text: &mut String) {
        if let Some(hidden) = self.hide(text.as_bytes()) {
            *text = String::from_utf8_lossy(&hidden).into_owned();
        }
    }

    /// Where the key ends that starts at `start`, if one does.
    fn end(&self, text: &[u8], start: usize) -> Option<usize> {
        let forms = self.key.iter().filter_map(|form| match_end(text, start, form));
        forms.chain(prefixed_end(text, start)).max()
    }
}

/// Where `wanted` ends if it starts at `start`, each of its characters in any spelling.
fn match_end(text: &[u8], start: usize, wanted: &[u8]) -> Option<usize> {
    let (first, rest) = wanted.split_first()?;
    let mut ends: Vec<usize> = spellings(text, start, *first).collect();
    for byte in rest {
        // More than one only where the key itself has a `\`, `%` or `&`.
        ends = ends.iter().flat_map(|at| spellings(text, *at, *byte)).collect();
        ends.dedup();
        if ends.is_empty() {
            return None;
        }
    }
    ends.into_iter().max()
}

/// Where a key with the known prefix ends.
fn prefixed_end(text: &[u8], start: usize) -> Option<usize> {
    let mut end = match_end(text, start, KEY_PREFIX.as_bytes())?;
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    let mut length = 0;
    while let Some(next) = (b'-'..=b'z').filter(is_word).find_map(|byte| spellings(text, end, byte).max()) {
        (end, length) = (next, length + 1);
    }
    (length >= SHORTEST_REST).then_some(end)
}

/// The ends of every spelling of `byte` that starts at `at`: plain, in JSON at any depth of nesting (`\u006b`, `\/`),
/// percent-encoded once or more (`%6B`, `%256B`), or as an HTML entity (`&#107;`, `&#x6b;`).
fn spellings(text: &[u8], at: usize, byte: u8) -> impl Iterator<Item = usize> + use<> {
    let rest = text.get(at..).unwrap_or_default();
    let plain = rest.first().filter(|first| **first == byte).map(|_| 1);
    let encoded = match rest.first() {
        Some(b'\\') => json_escape(rest, byte),
        Some(b'%') => percent_escape(rest, byte),
        Some(b'&') => html_entity(rest, byte),
        _ => None,
    };
    [plain, encoded].into_iter().flatten().map(move |length| at + length)
}

fn json_escape(text: &[u8], byte: u8) -> Option<usize> {
    let slashes = text.iter().take(DEEPEST).take_while(|one| **one == b'\\').count();
    let rest = &text[slashes..];
    if rest.first() == Some(&b'u') && rest.get(1..5).and_then(hex) == Some(byte.into()) {
        return Some(slashes + 5);
    }
    if byte == b'\\' {
        return Some(slashes);
    }
    rest.first().filter(|first| **first == byte).map(|_| slashes + 1)
}

fn percent_escape(text: &[u8], byte: u8) -> Option<usize> {
    let mut digits = 1;
    // The `%` itself was encoded again.
    while digits < DEEPEST && byte != b'%' && text.get(digits..digits + 2) == Some(b"25") {
        digits += 2;
    }
    (hex(text.get(digits..digits + 2)?) == Some(byte.into())).then_some(digits + 2)
}

fn html_entity(text: &[u8], byte: u8) -> Option<usize> {
    let end = text.iter().take(10).position(|one| *one == b';')?;
    let number = text[..end].strip_prefix(b"&#")?;
    let value = match number {
        [b'x' | b'X', digits @ ..] => hex(digits),
        digits => std::str::from_utf8(digits).ok()?.parse().ok(),
    };
    (value == Some(byte.into())).then_some(end + 1)
}

fn hex(digits: &[u8]) -> Option<u32> {
    let digits =
        std::str::from_utf8(digits).ok().filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
    u32::from_str_radix(digits, 16).ok()
}

/// What is the same in the base64 of every text that has the key in it: three forms, since what stands before the key moves
/// its bits, each in both alphabets.
fn base64_forms(key: &[u8]) -> Vec<Vec<u8>> {
    let mut forms: Vec<Vec<u8>> = Vec::new();
    for before in 0..3 {
        let bit = |at: usize| {
            let byte = (at / 8).checked_sub(before).and_then(|at| key.get(at)).copied().unwrap_or_default();
            byte >> (7 - at % 8) & 1
        };
        let digit = |at: usize| usize::from((0..6).fold(0, |digit, offset| digit << 1 | bit(at * 6 + offset)));
        // Only the digits whose six bits are all the key's.
        let digits = (before * 8).div_ceil(6)..(before + key.len()) * 8 / 6;
        for alphabet in [BASE64, BASE64_URL] {
            let form = digits.clone().map(|at| alphabet[digit(at)]).collect();
            if !forms.contains(&form) {
                forms.push(form);
            }
        }
    }
    forms
}

const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const BASE64_URL: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

#[cfg(test)]
mod tests {
    use super::*;

    fn redaction(key: &str) -> Redaction {
        Redaction::of(&HeaderValue::try_from(format!("{SCHEME}{key}")).unwrap())
    }

    #[track_caller]
    fn assert_hidden(key: &str, text: &str, expected: &str) {
        let mut hidden = text.to_owned();
        redaction(key).hide_in(&mut hidden);
        assert_eq!(hidden, expected, "{text}");
    }

    #[test]
    fn every_repetition_of_the_key_is_hidden() {
        for (text, hidden) in
            [("key-12345", "…"), ("a key-12345key-12345 b", "a …… b"), ("key-1234", "key-1234"), ("", "")]
        {
            assert_hidden("key-12345", text, hidden);
        }
    }

    #[test]
    fn an_encoded_key_is_hidden() {
        for (text, hidden) in [
            // JSON escapes, also of JSON inside a JSON string, and in either case of the digits.
            (r#"{"detail":"\u006b\u0065\u0079\u002F12345 is wrong"}"#, r#"{"detail":"… is wrong"}"#),
            (r#"{"detail":"key\/12345"}"#, r#"{"detail":"…"}"#),
            (r#"{"detail":"{\"key\":\"key\\\/12345\"}"}"#, r#"{"detail":"{\"key\":\"…\"}"}"#),
            (r#"{"detail":"\\u006Bey\\u002f12345"}"#, r#"{"detail":"…"}"#),
            // As in a `Location`.
            ("https://login.example/?key=key%2F12345&x=1", "https://login.example/?key=…&x=1"),
            ("%6b%65%79%2f%31%32%33%34%35", "…"),
            ("key%252F12345", "…"),
            // As in a page.
            ("<b>key&#47;12345&#x20;</b>", "<b>…&#x20;</b>"),
        ] {
            assert_hidden("key/12345", text, hidden);
        }
    }

    #[test]
    fn a_key_in_base64_is_hidden_wherever_it_stands_in_what_was_encoded() {
        // base64 of "Api-Key k>y?12345", "xk>y?12345" and "xyk>y?12345", by RFC 4648.
        for (text, hidden) in [
            ("QXBpLUtleSBrPnk/MTIzNDU=", "QXBpLUtleSB…U="),
            ("QXBpLUtleSBrPnk_MTIzNDU", "QXBpLUtleSB…U"),
            ("eGs+eT8xMjM0NQ==", "eG…Q=="),
            ("eGs%2BeT8xMjM0NQ%3D%3D", "eG…Q%3D%3D"),
            (r"eHlrPnk\/MTIzNDU=", "eHl…U="),
        ] {
            assert_hidden("k>y?12345", text, hidden);
        }
    }

    #[test]
    fn a_key_with_the_known_prefix_is_hidden_although_it_is_not_the_one_that_was_sent() {
        for (text, hidden) in [
            ("sk_live_4eC39HqLyjWDarjtT1 is revoked", "… is revoked"),
            // Cut off by the server.
            ("the key sk_live_4eC3", "the key …"),
            (r#"{"detail":"sk\u005flive\u005f4eC3\u0039"}"#, r#"{"detail":"…"}"#),
            ("keys begin with sk_live_", "keys begin with sk_live_"),
        ] {
            assert_hidden("another-key", text, hidden);
        }
    }

    #[test]
    fn a_key_of_signs_that_escapes_begin_with_is_hidden() {
        for text in [r"\%&25\u41", r"\\%&25\\u41", "%5C%25%2625%5Cu41", "&#92;%&#38;25&#92;u41", r"\u005C%&25\u005cu41"]
        {
            assert_hidden(r"\%&25\u41", text, "…");
        }
    }

    #[test]
    fn a_short_key_is_not_searched() {
        assert_hidden("dev", "a device", "a device");
    }

    #[test]
    fn a_long_run_of_escape_signs_takes_no_quadratic_time() {
        let redaction = redaction("key-12345");
        for sign in ["\\", "%25", "&", "%", "k"] {
            let text = sign.repeat(1 << 14);
            assert_eq!(redaction.hide(text.as_bytes()), None, "{sign}");
        }
    }
}
