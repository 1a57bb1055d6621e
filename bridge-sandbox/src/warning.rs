use std::collections::VecDeque;

/// Warnings kept at most. The oldest go first.
const MOST: usize = 1_000;
/// Text kept at most of one warning: it may quote an id of any length.
const MOST_BYTES: usize = 1_000;

/// What a client did that no rule forbids but a careful one would not do. Each text is kept once.
#[derive(Default)]
pub(crate) struct Warnings {
    texts: VecDeque<String>,
}

impl Warnings {
    /// Says whether the warning is new.
    pub(crate) fn add(&mut self, mut text: String) -> bool {
        if text.len() > MOST_BYTES {
            text.truncate(text.floor_char_boundary(MOST_BYTES));
            text.push('…');
        }
        if self.texts.contains(&text) {
            return false;
        }
        if self.texts.len() == MOST {
            self.texts.pop_front();
        }
        self.texts.push_back(text);
        true
    }

    pub(crate) fn list(&self) -> Vec<String> {
        self.texts.iter().cloned().collect()
    }
}
