//! Entries, as people and groups.

use iden_bridge::Ref;
use ldap3::SearchEntry;
use uuid::Uuid;

use crate::{
    members::Members,
    model::{Access, Group, Person},
};

/// What has to be asked for by name: some are operational attributes, which `*` does not give.
pub const OF_A_PERSON: &[&str] =
    &["entryUUID", "uid", "mail", "givenName", "sn", "displayName", "pwdAccountLockedTime"];
pub const OF_A_GROUP: &[&str] = &["entryUUID", "cn", "description"];

/// An entry that cannot be a record.
#[derive(Debug, thiserror::Error)]
#[error("{dn} has no `{attribute}` that can be read")]
pub struct Incomplete {
    dn: String,
    attribute: &'static str,
}

pub fn person(entry: &SearchEntry, members: &Members) -> Result<Person, Incomplete> {
    Ok(Person {
        id: id(entry)?,
        username: required(entry, "uid")?,
        email: text(entry, "mail"),
        first_name: text(entry, "givenName"),
        last_name: required(entry, "sn")?,
        display_name: text(entry, "displayName"),
        status: if text(entry, "pwdAccountLockedTime").is_some() { Access::Locked } else { Access::Open },
        groups: members.groups_of(&entry.dn).map(Ref::new).collect(),
    })
}

pub fn group(entry: &SearchEntry) -> Result<Group, Incomplete> {
    Ok(Group { id: id(entry)?, name: required(entry, "cn")?, description: text(entry, "description") })
}

pub fn id(entry: &SearchEntry) -> Result<Uuid, Incomplete> {
    let id = text(entry, "entryUUID").and_then(|id| id.parse().ok());
    id.ok_or_else(|| Incomplete { dn: entry.dn.clone(), attribute: "entryUUID" })
}

fn required(entry: &SearchEntry, attribute: &'static str) -> Result<String, Incomplete> {
    text(entry, attribute).ok_or_else(|| Incomplete { dn: entry.dn.clone(), attribute })
}

/// The first value: the protocol has one e-mail address.
fn text(entry: &SearchEntry, attribute: &str) -> Option<String> {
    values(entry, attribute).first().cloned()
}

/// All values. Names of attributes are the same in capitals, and servers write them as they like.
pub fn values<'a>(entry: &'a SearchEntry, attribute: &str) -> &'a [String] {
    let found = entry.attrs.iter().find(|(name, _)| name.eq_ignore_ascii_case(attribute));
    found.map_or(&[], |(_, values)| values)
}
