use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::view::{Cause, FieldChange, HistoryEntry, HistoryView, RecordChange};

/// Entries kept at most of one record. The oldest go first.
const MOST_ENTRIES: usize = 32;
/// JSON text kept at most of one value.
const MOST_BYTES: usize = 2_048;

/// What happened to one record. A record that was only ever created costs one entry without fields.
#[derive(Serialize, Deserialize)]
pub(crate) struct History {
    forgotten: usize,
    entries: Vec<HistoryEntry>,
}

impl History {
    /// The history of a record that is new.
    pub(crate) fn new(at: Timestamp, cause: Cause) -> Self {
        // Exactly one place: most records are never changed.
        Self { forgotten: 0, entries: vec![HistoryEntry { at, cause, change: RecordChange::Created, fields: vec![] }] }
    }

    pub(crate) fn note(&mut self, at: Timestamp, cause: Cause, change: RecordChange, fields: Vec<FieldChange>) {
        if self.entries.len() == MOST_ENTRIES {
            self.entries.remove(0);
            self.forgotten += 1;
        }
        // No room for more than there is: 100,000 records that change once would waste most of it.
        self.entries.reserve_exact(1);
        self.entries.push(HistoryEntry { at, cause, change, fields });
    }

    pub(crate) fn view(&self) -> HistoryView {
        HistoryView { forgotten: self.forgotten, entries: self.entries.clone() }
    }
}

/// The fields that differ.
pub(crate) fn difference(old: &Map<String, Value>, new: &Map<String, Value>) -> Vec<FieldChange> {
    let gone = old.iter().filter(|(name, _)| !new.contains_key(*name)).map(|(name, from)| (name, Some(from), None));
    let other = new.iter().filter_map(|(name, to)| match old.get(name) {
        Some(from) if from == to => None,
        from => Some((name, from, Some(to))),
    });
    let mut changes: Vec<_> = gone
        .chain(other)
        .map(|(name, from, to)| FieldChange { field: name.clone(), from: from.map(brief), to: to.map(brief) })
        .collect();
    changes.sort_by(|one, next| one.field.cmp(&next.field));
    changes
}

/// The value; of a long one the beginning of its text.
fn brief(value: &Value) -> Value {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Array(_) | Value::Object(_) => value.to_string(),
        Value::Null | Value::Bool(_) | Value::Number(_) => return value.clone(),
    };
    if text.len() <= MOST_BYTES {
        return value.clone();
    }
    let end = text.floor_char_boundary(MOST_BYTES);
    Value::String(format!("{}…", &text[..end]))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn map(value: Value) -> Map<String, Value> {
        serde_json::from_value(value).expect("an object")
    }

    #[test]
    fn only_the_last_entries_are_kept_and_the_others_counted() {
        let mut history = History::new(Timestamp::UNIX_EPOCH, Cause::Hand);
        for _ in 0..40 {
            history.note(Timestamp::UNIX_EPOCH, Cause::Hand, RecordChange::Changed, vec![]);
        }
        let view = history.view();
        assert_eq!((view.entries.len(), view.forgotten), (32, 9));
        assert!(view.entries.iter().all(|entry| entry.change == RecordChange::Changed), "the creation is the oldest");
    }

    #[test]
    fn fields_that_came_went_or_changed_are_told_apart_and_the_others_left_out() {
        let old = map(json!({"id": "7", "email": "a", "first_name": "Ada"}));
        let new = map(json!({"id": "7", "email": "b", "last_name": "Byron"}));
        let changes = difference(&old, &new);
        let told: Vec<_> =
            changes.iter().map(|change| (change.field.as_str(), change.from.clone(), change.to.clone())).collect();
        assert_eq!(
            told,
            [
                ("email", Some(json!("a")), Some(json!("b"))),
                ("first_name", Some(json!("Ada")), None),
                ("last_name", None, Some(json!("Byron"))),
            ]
        );
    }

    #[test]
    fn a_long_value_is_cut_at_a_whole_character() {
        let long = "é".repeat(2_000) + "x";
        let changes = difference(&Map::new(), &map(json!({"name": long})));
        let Some(Value::String(kept)) = &changes[0].to else { panic!("{changes:?}") };
        assert_eq!(kept.chars().count(), 1_025);
        assert!(kept.ends_with("é…"));
    }
}
