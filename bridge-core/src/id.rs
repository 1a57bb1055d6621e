//! Ids that survive the way to Iden and back.

use std::{fmt::Display, str::FromStr};

use crate::wire::text::is_hidden;

/// The id of a record: any type that can be written as text and read back.
///
/// Implemented for every `Display + FromStr + Clone + Eq` type, so integers, `String`, `Uuid` and newtypes over them
/// are ids as they are. The way back is checked: a text is an id only if that id is written as the same text, so
/// `"007"` is no `u32`.
///
/// ```
/// use bridge_core::BridgeId;
///
/// assert_eq!(u32::from_wire("7"), Some(7));
/// assert_eq!(u32::from_wire("007"), None);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the id of a resource",
    label = "no text form that can be read back",
    note = "an id implements `Display`, `FromStr`, `Clone` and `Eq`, so that it survives the way to Iden and back",
    note = "an id that is only ever sent can be made text: `#[bridge(id, with = path)]`"
)]
pub trait BridgeId: Sized + Send + Sync + 'static {
    /// The id as Iden sees it.
    fn to_wire(&self) -> String;

    /// The id that is written as `text`, if there is one.
    fn from_wire(text: &str) -> Option<Self>;

    // Stands for `Clone`: as a supertrait, each missing std trait would be an error of its own beside ours.
    #[doc(hidden)]
    fn duplicate(&self) -> Self;
}

#[diagnostic::do_not_recommend]
impl<T: Display + FromStr + Clone + Eq + Send + Sync + 'static> BridgeId for T {
    fn to_wire(&self) -> String {
        self.to_string()
    }

    fn from_wire(text: &str) -> Option<Self> {
        text.parse().ok().filter(|id: &Self| id.to_string() == text)
    }

    fn duplicate(&self) -> Self {
        self.clone()
    }
}

/// Whether a text can be an id at all: it has a character that a person can see.
pub(crate) fn is_visible(text: &str) -> bool {
    text.chars().any(|char| !char.is_whitespace() && !char.is_control() && !is_hidden(char))
}

#[cfg(test)]
mod tests {
    use super::{BridgeId, is_visible};
    use uuid::Uuid;

    #[test]
    fn an_id_that_nobody_can_see_is_none() {
        for empty in ["", " ", "\0", "\t\n", "\u{200b}"] {
            assert!(!is_visible(empty), "{empty:?}");
        }
        assert!(is_visible("7") && is_visible(" a ") && is_visible("\0x"));
    }

    #[test]
    fn only_a_text_that_comes_back_the_same_is_an_id() {
        assert_eq!(u32::from_wire("7"), Some(7));
        assert_eq!(u32::from_wire("+7"), None);
        assert_eq!(u32::from_wire(" 7"), None);
        assert_eq!(Uuid::from_wire("{6f4b0d4e-4b3f-4b6e-9a57-1d3f2c1b0a99}"), None);
        assert_eq!(String::from_wire("Ünïcode / id"), Some("Ünïcode / id".to_owned()));
    }
}
