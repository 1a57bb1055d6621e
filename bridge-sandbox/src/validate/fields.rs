use serde_json::{Map, Value};

use crate::error::Refusal;

/// The fields of one JSON object, and where it stands, so that each complaint names both.
pub(crate) struct Fields<'a> {
    map: &'a Map<String, Value>,
    place: &'a str,
}

impl<'a> Fields<'a> {
    /// `place` is empty for the body itself.
    pub(crate) fn of(map: &'a Map<String, Value>, place: &'a str) -> Self {
        Self { map, place }
    }

    /// The fields of the body, which has to be an object.
    pub(crate) fn of_body(body: &'a Value) -> Result<Self, Refusal> {
        match body {
            Value::Object(map) => Ok(Self::of(map, "")),
            _ => Err(Refusal::bad_request("the body must be a JSON object")),
        }
    }

    /// Refuses every field that is not named here.
    pub(crate) fn only(&self, known: &[&str]) -> Result<(), Refusal> {
        match self.map.keys().find(|name| !known.contains(&name.as_str())) {
            None => Ok(()),
            Some(name) => Err(self.complaint(name, &format!("is not known here; known: {}", known.join(", ")))),
        }
    }

    /// The names of the fields that are not named here.
    pub(crate) fn beside(&self, known: &[&str]) -> impl Iterator<Item = &'a String> {
        self.map.keys().filter(|name| !known.contains(&name.as_str()))
    }

    pub(crate) fn raw(&self, name: &str) -> Option<&'a Value> {
        self.map.get(name)
    }

    /// A field that may be null or left out, which is the same.
    pub(crate) fn nullable(&self, name: &str) -> Option<&'a Value> {
        self.raw(name).filter(|value| !value.is_null())
    }

    /// A string, where the field is there.
    pub(crate) fn text(&self, name: &str) -> Result<Option<&'a str>, Refusal> {
        match self.raw(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(Value::Null) => {
                Err(self.complaint(name, "must be a string; without a value it is left out, not null"))
            }
            Some(_) => Err(self.complaint(name, "must be a string")),
        }
    }

    /// A string that is not empty, where the field is there.
    pub(crate) fn filled(&self, name: &str) -> Result<Option<&'a str>, Refusal> {
        match self.text(name)? {
            Some("") => Err(self.complaint(name, "must not be empty")),
            text => Ok(text),
        }
    }

    /// A string that is not empty.
    pub(crate) fn required(&self, name: &str) -> Result<&'a str, Refusal> {
        self.filled(name)?.ok_or_else(|| self.complaint(name, "is required"))
    }

    /// A string of 1 to 255 characters.
    pub(crate) fn display_name(&self, name: &str) -> Result<&'a str, Refusal> {
        let text = self.required(name)?;
        if text.chars().count() > 255 {
            return Err(self.complaint(name, "must have at most 255 characters"));
        }
        Ok(text)
    }

    pub(crate) fn complaint(&self, name: &str, trouble: &str) -> Refusal {
        self.refuse(&format!("`{name}` {trouble}"))
    }

    pub(crate) fn refuse(&self, trouble: &str) -> Refusal {
        let place = self.place;
        Refusal::bad_request(if place.is_empty() { trouble.to_owned() } else { format!("{place}: {trouble}") })
    }
}
