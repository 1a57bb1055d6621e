use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::fields::Fields;
use crate::error::Refusal;
use crate::state::catalog::Kind;
use crate::state::link::LINKS;

/// Records in one page at most.
const MOST_RECORDS: usize = 100;

/// How much of an id is shown in a complaint.
const MOST_SHOWN: usize = 200;

const ACCOUNT_FIELDS: [&str; 9] =
    ["id", "email", "username", "first_name", "last_name", "display_name", "status", "memberships", "assignments"];
const NAMED_FIELDS: [&str; 3] = ["id", "name", "description"];
/// Fields that make no sense on a group or license, so they are no custom fields but a mix-up.
const NOT_ON_NAMED: [&str; 5] = ["email", "username", "status", "memberships", "assignments"];

/// A page whose every record fits the schema of its kind.
pub(crate) struct Page {
    pub(crate) records: Vec<Incoming>,
    /// Custom fields: names outside the protocol, on any record.
    pub(crate) unknown: BTreeSet<String>,
    /// Fields beside `records`.
    pub(crate) extra: Vec<String>,
}

/// A valid record.
pub(crate) struct Incoming {
    index: usize,
    pub(crate) id: String,
    pub(crate) fields: Map<String, Value>,
}

impl Incoming {
    pub(crate) fn place(&self) -> String {
        place(self.index, Some(&self.id))
    }
}

impl Page {
    pub(crate) fn read(mut body: Value, kind: Kind) -> Result<Self, Refusal> {
        let fields = Fields::of_body(&body)?;
        let extra = fields.beside(&["records"]).cloned().collect();
        let Some(Value::Array(records)) = body.get_mut("records").map(Value::take) else {
            return Err(Refusal::bad_request("`records` is required, and must be an array"));
        };
        if records.is_empty() || records.len() > MOST_RECORDS {
            let count = records.len();
            return Err(Refusal::bad_request(format!("`records` must hold 1 to {MOST_RECORDS} records, not {count}")));
        }
        let mut unknown = BTreeSet::new();
        let records = records.into_iter().enumerate().map(|(index, record)| read(index, record, kind, &mut unknown));
        let records = records.collect::<Result<_, _>>()?;
        Ok(Self { records, unknown, extra })
    }
}

fn read(index: usize, record: Value, kind: Kind, unknown: &mut BTreeSet<String>) -> Result<Incoming, Refusal> {
    let Value::Object(map) = record else {
        return Err(Refusal::bad_request(format!("{}: must be an object", place(index, None))));
    };
    let place = place(index, map.get("id").and_then(Value::as_str));
    let fields = Fields::of(&map, &place);
    let id = fields.required("id")?.to_owned();
    let known = match kind {
        Kind::Account => check_account(&fields).map(|()| &ACCOUNT_FIELDS[..])?,
        Kind::Group | Kind::License => check_named(&fields, kind).map(|()| &NAMED_FIELDS[..])?,
    };
    for name in fields.beside(known) {
        if !unknown.contains(name) {
            unknown.insert(name.clone());
        }
    }
    Ok(Incoming { index, id, fields: map })
}

fn check_account(fields: &Fields<'_>) -> Result<(), Refusal> {
    let email = fields.filled("email")?;
    if email.or(fields.filled("username")?).is_none() {
        return Err(fields.refuse("`email` or `username` is required"));
    }
    for name in ["first_name", "last_name", "display_name"] {
        fields.text(name)?;
    }
    if let Some(status) = fields.text("status")?
        && !["active", "inactive", "suspended"].contains(&status)
    {
        return Err(fields.complaint("status", "must be one of active, inactive, suspended"));
    }
    for (name, _) in LINKS {
        if let Some(value) = fields.raw(name) {
            check_id_map(fields, name, value)?;
        }
    }
    Ok(())
}

fn check_id_map(fields: &Fields<'_>, name: &str, value: &Value) -> Result<(), Refusal> {
    let Value::Object(map) = value else {
        return Err(fields.complaint(name, "must be an object: slug to list of ids"));
    };
    for (slug, ids) in map {
        let is_id = |id: &Value| id.as_str().is_some_and(|id| !id.is_empty());
        if !ids.as_array().is_some_and(|ids| ids.iter().all(is_id)) {
            return Err(fields.complaint(name, &format!("must hold a list of ids for `{slug}`: strings, not empty")));
        }
    }
    Ok(())
}

fn check_named(fields: &Fields<'_>, kind: Kind) -> Result<(), Refusal> {
    fields.required("name")?;
    fields.text("description")?;
    match NOT_ON_NAMED.into_iter().find(|name| fields.raw(name).is_some()) {
        None => Ok(()),
        Some(name) => Err(fields.complaint(name, &format!("does not belong on a {}", kind.name()))),
    }
}

fn place(index: usize, id: Option<&str>) -> String {
    match id {
        Some(id) => format!("records[{index}] (id `{}`)", &id[..id.floor_char_boundary(MOST_SHOWN)]),
        None => format!("records[{index}]"),
    }
}
