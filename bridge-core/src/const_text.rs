//! Texts while the compiler evaluates a constant: what a failed assertion says.

/// A text that is put together piece by piece.
#[doc(hidden)]
#[derive(Debug)]
pub struct Text {
    bytes: [u8; 512],
    length: usize,
}

impl Text {
    #[must_use]
    pub const fn new() -> Self {
        Text { bytes: [0; 512], length: 0 }
    }

    #[must_use]
    pub const fn add(mut self, more: &str) -> Self {
        let more = more.as_bytes();
        let mut at = 0;
        while at < more.len() && self.length < self.bytes.len() {
            self.bytes[self.length] = more[at];
            self.length += 1;
            at += 1;
        }
        self
    }

    #[must_use]
    pub const fn as_str(&self) -> &str {
        match core::str::from_utf8(self.bytes.split_at(self.length).0) {
            Ok(text) => text,
            Err(_) => "two of a kind",
        }
    }
}

impl Default for Text {
    fn default() -> Self {
        Text::new()
    }
}

/// Whether two texts are equal.
#[doc(hidden)]
#[must_use]
pub const fn same(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len() != b.len() {
        return false;
    }
    let mut at = 0;
    while at < a.len() {
        if a[at] != b[at] {
            return false;
        }
        at += 1;
    }
    true
}
