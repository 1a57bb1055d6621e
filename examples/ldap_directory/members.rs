//! Who is in which group. The directory keeps it on the group's side, Iden wants it on the person's.

use std::collections::HashMap;

use iden_bridge::SourceError;
use uuid::Uuid;

use crate::{
    connection::Connection,
    directory::Directory,
    entry::{self, values},
};

/// Of each member, by DN, the groups.
#[derive(Debug, Default)]
pub struct Members(HashMap<String, Vec<Uuid>>);

impl Members {
    pub async fn read(connection: &mut Connection) -> Result<Self, SourceError> {
        let mut members = Members::default();
        let mut groups = connection.search(Directory::GROUPS, &["entryUUID", "member"]).await?;
        while let Some(group) = groups.next().await? {
            // A group that cannot be read would be lost by all its members: then nobody is read.
            let id = entry::id(&group)?;
            values(&group, "member").iter().for_each(|member| members.add(member, id));
        }
        Ok(members)
    }

    /// Those of one person.
    pub async fn of(connection: &mut Connection, dn: &str) -> Result<Self, SourceError> {
        let mut members = Members::default();
        for group in connection.all_with(Directory::GROUPS, "member", dn, &["entryUUID"]).await? {
            members.add(dn, entry::id(&group)?);
        }
        Ok(members)
    }

    fn add(&mut self, member: &str, group: Uuid) {
        self.0.entry(plain(member)).or_default().push(group);
    }

    pub fn groups_of(&self, dn: &str) -> impl Iterator<Item = Uuid> {
        self.0.get(&plain(dn)).into_iter().flatten().copied()
    }
}

/// A DN in one spelling of several: a group may list `UID=Ann, OU=People` where the entry is `uid=ann,ou=people`. Two that
/// differ in more than that, escapes say, are taken for two.
fn plain(dn: &str) -> String {
    dn.split(',').map(|part| part.trim().to_lowercase()).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
#[test]
fn a_member_is_found_however_the_group_spells_it() {
    let (mut members, group) = (Members::default(), Uuid::new_v4());
    members.add("UID=Ann, OU=People,dc=acme", group);
    assert_eq!(members.groups_of("uid=ann,ou=people,dc=acme").collect::<Vec<_>>(), [group]);
    assert_eq!(members.groups_of("uid=anna,ou=people,dc=acme").count(), 0);
}
