//! One record on its way into a page.

use std::{collections::BTreeSet, fmt};

use crate::{
    BridgeId, BridgeResource, CustomField, EdgeField, EdgeKind, EdgeSchema, FieldError, Status, StatusField, TextField,
    field::append_json,
    id::is_visible,
    wire::{Kind, text::printable},
};

/// The most bytes that one record may take on the wire: 256 KiB. A larger one is unreadable.
pub const MAX_RECORD_BYTES: usize = 256 * 1024;

/// The most that is shown of what is wrong with a record, in characters: it can repeat a value of the source.
const LONGEST_WHY: usize = 1_000;

/// A record as it goes over the wire: scalar fields as ready JSON, edges still apart, so that an edge can be counted or
/// dropped without parsing anything again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    id: String,
    /// `{"id":"…",…` without the closing brace.
    scalars: Vec<u8>,
    status: Option<Status>,
    edges: Vec<Edges>,
    logins: [Option<String>; 2],
}

/// The edges of one record to one type.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Edges {
    /// Membership or assignment.
    pub kind: EdgeKind,
    /// The slug of the type that the edges point to.
    pub slug: &'static str,
    /// The ids that they point to, each once, in the order of the source.
    pub ids: Vec<String>,
}

/// A record that cannot be sent. Whom it stands for counts as present.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unreadable {
    /// The record's id, where it is known.
    pub id: Option<String>,
    /// What is wrong, without values of skipped or secret fields.
    pub why: String,
}

impl Unreadable {
    /// Says what is wrong with the record of this id.
    pub fn new(id: Option<String>, why: impl fmt::Display) -> Self {
        Unreadable { id, why: why.to_string() }
    }
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.id {
            // Shortened, so that a long id leaves room for what is wrong.
            Some(id) => write!(f, "record `{}`: {}", printable(id, 200), printable(&self.why, LONGEST_WHY)),
            None => write!(f, "a record without a readable id: {}", printable(&self.why, LONGEST_WHY)),
        }
    }
}

impl std::error::Error for Unreadable {}

impl Record {
    /// Writes `value` down.
    ///
    /// # Errors
    /// An id that is empty or cannot be read back, a field that cannot be sent, an account with neither e-mail nor
    /// username, a record of more than [`MAX_RECORD_BYTES`].
    pub fn of<R: BridgeResource>(value: &R) -> Result<Self, Unreadable> {
        let id = value.id().to_wire();
        if !is_visible(&id) {
            return Err(Unreadable::new(None, "the id is empty"));
        }
        if R::Id::from_wire(&id).is_none() {
            return Err(Unreadable::new(Some(id), "the id cannot be read back from its text"));
        }
        let mut writer = RecordWriter::new(&id);
        match value.write(&mut writer).and_then(|()| writer.check(R::KIND)) {
            Ok(()) => {
                let RecordWriter { scalars, status, edges, logins, .. } = writer;
                let record = Record { id, scalars, status, edges, logins };
                if record.size() > MAX_RECORD_BYTES {
                    let why = format!("it takes {} bytes, {MAX_RECORD_BYTES} is the most", record.size());
                    return Err(Unreadable::new(Some(record.id), why));
                }
                Ok(record)
            }
            Err(why) => Err(Unreadable::new(Some(id), why)),
        }
    }

    /// The id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The status; Iden takes an account without one to be active (protocol.md section 5).
    #[must_use]
    pub fn status(&self) -> Option<Status> {
        self.status
    }

    /// Whether it is an account with an e-mail address. Iden matches accounts to people by it (protocol.md section 10).
    #[must_use]
    pub fn has_email(&self) -> bool {
        self.logins[0].is_some()
    }

    /// Every membership and assignment.
    #[must_use]
    pub fn edges(&self) -> &[Edges] {
        &self.edges
    }

    /// The e-mail address and the user name of an account.
    #[must_use]
    pub fn logins(&self) -> [Option<&str>; 2] {
        self.logins.each_ref().map(Option::as_deref)
    }

    /// Every field but memberships and assignments, as JSON without the closing brace: what a record is compared by.
    #[must_use]
    pub fn fields(&self) -> &[u8] {
        &self.scalars
    }

    /// Leaves out the edges at these positions, counted over all of [`Record::edges`] in order.
    pub fn drop_edges(&mut self, positions: &[usize]) {
        let mut position = 0;
        for edges in &mut self.edges {
            edges.ids.retain(|_| {
                position += 1;
                !positions.contains(&(position - 1))
            });
        }
    }

    /// How many bytes [`Record::append_json`] appends, within a few.
    #[must_use]
    pub fn size(&self) -> usize {
        let edges = self.edges.iter().map(|e| e.slug.len() + 6 + e.ids.iter().map(|id| escaped(id) + 3).sum::<usize>());
        self.scalars.len() + edges.sum::<usize>() + 40
    }

    /// Appends the record as a JSON object.
    pub fn append_json(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.scalars);
        for kind in [EdgeKind::Membership, EdgeKind::Assignment] {
            let mut edges = self.edges.iter().filter(|edges| edges.kind == kind).peekable();
            if edges.peek().is_none() {
                continue;
            }
            out.extend_from_slice(format!(",\"{}\":{{", kind.field()).as_bytes());
            for (position, edges) in edges.enumerate() {
                if position > 0 {
                    out.push(b',');
                }
                append_json(edges.slug, out).expect("text is JSON");
                out.push(b':');
                append_json(&edges.ids, out).expect("a list of text is JSON");
            }
            out.push(b'}');
        }
        out.push(b'}');
    }
}

/// How many bytes a text takes in JSON, without its quotes.
fn escaped(text: &str) -> usize {
    let escape = |byte: u8| match byte {
        b'"' | b'\\' | b'\n' | b'\r' | b'\t' | 8 | 12 => 2,
        0..=0x1F => 6,
        _ => 1,
    };
    text.bytes().map(escape).sum()
}

/// What generated code writes a record's fields to. The id stands there already.
#[derive(Debug)]
pub struct RecordWriter {
    scalars: Vec<u8>,
    status: Option<Status>,
    edges: Vec<Edges>,
    logins: [Option<String>; 2],
    has_name: bool,
}

impl RecordWriter {
    fn new(id: &str) -> Self {
        let mut scalars = Vec::with_capacity(256);
        scalars.extend_from_slice(b"{\"id\":");
        append_json(id, &mut scalars).expect("text is JSON");
        RecordWriter { scalars, status: None, edges: Vec::new(), logins: [None, None], has_name: false }
    }

    /// Writes a text field of the protocol. An e-mail, username or name that is empty is no value: it is left out.
    ///
    /// # Errors
    /// The value has no text.
    pub fn text(&mut self, field: &'static str, value: &(impl TextField + ?Sized)) -> Result<(), FieldError> {
        let Some(text) = value.text().map_err(|e| e.of(field))? else { return Ok(()) };
        let (login, name) = (["email", "username"].iter().position(|login| *login == field), field == "name");
        if text.is_empty() && (login.is_some() || name) {
            return Ok(());
        }
        if let Some(login) = login {
            self.logins[login] = Some(text.clone().into_owned());
        }
        self.has_name |= name;
        self.key(field);
        append_json(&*text, &mut self.scalars)
    }

    /// Writes the account's status.
    ///
    /// # Errors
    /// The value is of no status.
    pub fn status(&mut self, value: &impl StatusField) -> Result<(), FieldError> {
        let Some(status) = value.field().map_err(|e| e.of("status"))? else { return Ok(()) };
        self.status = Some(status);
        self.key("status");
        append_json(status.as_str(), &mut self.scalars)
    }

    /// Writes a field outside the protocol, under the name that the user gave it.
    ///
    /// # Errors
    /// The value cannot be sent.
    pub fn custom(&mut self, field: &'static str, value: &(impl CustomField + ?Sized)) -> Result<(), FieldError> {
        let before = self.scalars.len();
        self.key(field);
        if !value.write_json(&mut self.scalars).map_err(|e| e.of(field))? {
            self.scalars.truncate(before);
        }
        Ok(())
    }

    /// Writes the edges to the type `T`. Its slug is sent with an empty list where there are none: leaving it out may
    /// keep what was there (protocol.md section 5, question P15).
    ///
    /// # Errors
    /// A value that is no id of a `T`.
    pub fn edges<T>(&mut self, schema: &EdgeSchema, value: &(impl EdgeField<T> + ?Sized)) -> Result<(), FieldError> {
        let (mut ids, mut seen) = (Vec::new(), BTreeSet::new());
        let mut empty = false;
        value
            .each(&mut |id| {
                empty |= !is_visible(&id);
                if seen.insert(id.clone()) {
                    ids.push(id);
                }
            })
            .map_err(|e| e.of(schema.kind.field()))?;
        if empty {
            return Err(FieldError::new(format_args!("an id of a `{}` is empty", schema.slug)).of(schema.kind.field()));
        }
        self.edges.push(Edges { kind: schema.kind, slug: schema.slug, ids });
        Ok(())
    }

    fn key(&mut self, field: &str) {
        self.scalars.push(b',');
        append_json(field, &mut self.scalars).expect("text is JSON");
        self.scalars.push(b':');
    }

    /// What no single field can see (protocol.md section 5).
    fn check(&self, kind: Kind) -> Result<(), FieldError> {
        match kind {
            Kind::Account if self.logins == [None, None] => {
                Err(FieldError::new("it has neither an e-mail nor a username"))
            }
            Kind::Group | Kind::License if !self.has_name => Err(FieldError::new("it has no name")),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_of_what_is_wrong_are_escaped() {
        let unreadable = Unreadable::new(Some("7".to_owned()), "bad\u{1b}[31m\nINFO all is well");
        assert_eq!(unreadable.to_string(), r"record `7`: bad\u{1b}[31m\nINFO all is well");
    }

    #[test]
    fn the_size_of_a_record_counts_what_json_escapes() {
        let ids = ["red", "\u{1}\u{1f}", "\"\\\n", "Ünïcode\u{2028}\u{7f}"].map(str::to_owned).to_vec();
        let edges = vec![Edges { kind: EdgeKind::Membership, slug: "team", ids }];
        let record =
            Record { id: "1".to_owned(), scalars: br#"{"id":"1""#.to_vec(), status: None, edges, logins: [None, None] };
        let mut json = Vec::new();
        record.append_json(&mut json);
        assert!(json.len() <= record.size() && record.size() < json.len() + 30, "{} of {}", record.size(), json.len());
    }
}
