//! What can stand in a record's fields.

use std::{borrow::Cow, fmt, rc::Rc, sync::Arc};

use serde::Serialize;
use serde_json::Value;

/// Why a field of a record cannot be sent.
///
/// The message names the field once the record writer has added it. It must not repeat secrets: it is logged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    field: Option<&'static str>,
    why: String,
}

impl FieldError {
    /// An error with this reason.
    pub fn new(why: impl fmt::Display) -> Self {
        FieldError { field: None, why: why.to_string() }
    }

    /// The same, said of a named field.
    #[must_use]
    pub fn of(self, field: &'static str) -> Self {
        FieldError { field: Some(field), why: self.why }
    }
}

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.field {
            Some(field) => write!(f, "`{field}`: {}", self.why),
            None => f.write_str(&self.why),
        }
    }
}

impl std::error::Error for FieldError {}

/// What can stand in a text field: strings, integers, `Uuid`, an `Option` of one (`None` leaves the field out), or the
/// `Result` of mapping one (an error makes the record unreadable).
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be sent as text",
    label = "not a text field",
    note = "a text field is a string, an integer, a `Uuid`, or an `Option` of one",
    note = "convert other types: `#[bridge(with = path)]`, where `path` is a `fn(&{Self}) -> String`"
)]
pub trait TextField {
    /// The text, or `None` to leave the field out.
    ///
    /// # Errors
    /// The value has no text.
    fn text(&self) -> Result<Option<Cow<'_, str>>, FieldError>;
}

/// What can stand in a field outside the protocol, `#[bridge(field = "wire_name")]`: text, numbers, `bool`, JSON
/// values, lists of them, an `Option` (`None` leaves the field out) or a `Result` (an error makes the record
/// unreadable).
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be sent as a field of a record",
    label = "not a value of a custom field",
    note = "use text, a number, `bool`, `serde_json::Value` or a `Vec` of them, or convert: `#[bridge(field = \"…\", with = path)]`"
)]
pub trait CustomField {
    /// Appends the value as JSON. `false`: there is none, and nothing was appended.
    ///
    /// # Errors
    /// The value cannot be sent.
    fn write_json(&self, out: &mut Vec<u8>) -> Result<bool, FieldError>;
}

/// Appends `value` as JSON.
pub(crate) fn append_json(value: &(impl Serialize + ?Sized), out: &mut Vec<u8>) -> Result<(), FieldError> {
    serde_json::to_writer(out, value).map_err(FieldError::new)
}

macro_rules! strings {
    ($($t:ty)*) => { $(
        impl TextField for $t {
            fn text(&self) -> Result<Option<Cow<'_, str>>, FieldError> {
                Ok(Some(Cow::Borrowed(self.as_ref())))
            }
        }

        impl CustomField for $t {
            fn write_json(&self, out: &mut Vec<u8>) -> Result<bool, FieldError> {
                let text: &str = self.as_ref();
                append_json(text, out).map(|()| true)
            }
        }
    )* };
}

strings! { str String Box<str> Rc<str> Arc<str> Cow<'_, str> }

macro_rules! integers {
    ($($t:ty)*) => { $(
        impl TextField for $t {
            fn text(&self) -> Result<Option<Cow<'_, str>>, FieldError> {
                Ok(Some(Cow::Owned(self.to_string())))
            }
        }
    )* };
}

integers! { u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize char uuid::Uuid }

macro_rules! values {
    ($($t:ty)*) => { $(
        impl CustomField for $t {
            fn write_json(&self, out: &mut Vec<u8>) -> Result<bool, FieldError> {
                append_json(self, out).map(|()| true)
            }
        }
    )* };
}

values! { u8 u16 u32 u64 usize i8 i16 i32 i64 isize bool uuid::Uuid }

impl CustomField for f64 {
    fn write_json(&self, out: &mut Vec<u8>) -> Result<bool, FieldError> {
        if !self.is_finite() {
            return Err(FieldError::new(format_args!("{self} is no number in JSON")));
        }
        append_json(self, out).map(|()| true)
    }
}

impl CustomField for f32 {
    fn write_json(&self, out: &mut Vec<u8>) -> Result<bool, FieldError> {
        if !self.is_finite() {
            return Err(FieldError::new(format_args!("{self} is no number in JSON")));
        }
        // Not by way of f64: 0.1 would leave as 0.10000000149011612.
        append_json(self, out).map(|()| true)
    }
}

impl CustomField for Value {
    fn write_json(&self, out: &mut Vec<u8>) -> Result<bool, FieldError> {
        if self.is_null() {
            return Ok(false);
        }
        append_json(self, out).map(|()| true)
    }
}

impl<T: CustomField> CustomField for Vec<T> {
    fn write_json(&self, out: &mut Vec<u8>) -> Result<bool, FieldError> {
        self.as_slice().write_json(out)
    }
}

impl<T: CustomField> CustomField for [T] {
    fn write_json(&self, out: &mut Vec<u8>) -> Result<bool, FieldError> {
        out.push(b'[');
        let mut first = true;
        for item in self {
            if !first {
                out.push(b',');
            }
            if !item.write_json(out)? {
                // An element without a value keeps its place.
                out.extend_from_slice(b"null");
            }
            first = false;
        }
        out.push(b']');
        Ok(true)
    }
}

impl<T: TextField + ?Sized> TextField for &T {
    fn text(&self) -> Result<Option<Cow<'_, str>>, FieldError> {
        T::text(self)
    }
}

impl<T: CustomField + ?Sized> CustomField for &T {
    fn write_json(&self, out: &mut Vec<u8>) -> Result<bool, FieldError> {
        T::write_json(self, out)
    }
}

impl<T: TextField> TextField for Option<T> {
    fn text(&self) -> Result<Option<Cow<'_, str>>, FieldError> {
        self.as_ref().map_or(Ok(None), T::text)
    }
}

impl<T: CustomField> CustomField for Option<T> {
    fn write_json(&self, out: &mut Vec<u8>) -> Result<bool, FieldError> {
        self.as_ref().map_or(Ok(false), |value| value.write_json(out))
    }
}

impl<T: TextField, E: fmt::Display> TextField for Result<T, E> {
    fn text(&self) -> Result<Option<Cow<'_, str>>, FieldError> {
        self.as_ref().map_err(FieldError::new)?.text()
    }
}

impl<T: CustomField, E: fmt::Display> CustomField for Result<T, E> {
    fn write_json(&self, out: &mut Vec<u8>) -> Result<bool, FieldError> {
        self.as_ref().map_err(FieldError::new)?.write_json(out)
    }
}
