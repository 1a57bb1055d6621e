//! Reading the directory.

use iden_bridge::prelude::*;
use uuid::Uuid;

use crate::{
    directory::Directory,
    entry,
    members::Members,
    model::{Group, Person},
};

impl Source<Group> for Directory {
    async fn read(&self, out: &Out<Group>) -> Result<(), SourceError> {
        let mut found = self.connect().await?.search(Directory::GROUPS, entry::OF_A_GROUP).await?;
        while let Some(found) = found.next().await? {
            match entry::group(&found) {
                Ok(group) => out.push(group).await,
                Err(why) => out.unreadable(entry::id(&found).ok(), why).await,
            }
        }
        Ok(())
    }

    async fn find(&self, id: &Uuid) -> Result<Option<Group>, SourceError> {
        let found = self.connect().await?.find(Directory::GROUPS, *id, entry::OF_A_GROUP).await?;
        Ok(found.as_ref().map(entry::group).transpose()?)
    }
}

impl Source<Person> for Directory {
    async fn read(&self, out: &Out<Person>) -> Result<(), SourceError> {
        let mut connection = self.connect().await?;
        let members = Members::read(&mut connection).await?;
        let mut found = connection.search(Directory::PEOPLE, entry::OF_A_PERSON).await?;
        while let Some(found) = found.next().await? {
            match entry::person(&found, &members) {
                Ok(person) => out.push(person).await,
                // Such a person counts as present: nobody loses an account for an entry without a surname.
                Err(why) => out.unreadable(entry::id(&found).ok(), why).await,
            }
        }
        Ok(())
    }

    async fn find(&self, id: &Uuid) -> Result<Option<Person>, SourceError> {
        let mut connection = self.connect().await?;
        let Some(found) = connection.find(Directory::PEOPLE, *id, entry::OF_A_PERSON).await? else { return Ok(None) };
        let members = Members::of(&mut connection, &found.dn).await?;
        Ok(Some(entry::person(&found, &members)?))
    }
}
