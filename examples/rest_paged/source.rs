//! Reading the directory.

use iden_bridge::{prelude::*, source::Row};
use serde_json::Value;

use crate::{
    directory::Directory,
    error::ApiError,
    model::{Group, User},
};

impl Source<Group> for Directory {
    /// By cursor: each page names the next one, the last names none.
    async fn read(&self, out: &Out<Group>) -> Result<(), SourceError> {
        out.pages(None, |cursor: Option<String>| async move {
            let page = self.api.groups(cursor.as_deref()).await.map_err(ApiError::reading)?;
            Ok(Page::new(page.groups, page.next.map(Some)))
        })
        .await
    }
}

impl Source<User> for Directory {
    /// By offset and limit. Pages overlap, so that users who are deleted meanwhile make nobody else slip through.
    async fn read(&self, out: &Out<User>) -> Result<(), SourceError> {
        out.offset_pages(100, |offset, limit| async move {
            let page = self.api.users(offset, limit).await.map_err(ApiError::reading)?;
            Ok(page.users.into_iter().map(row).collect())
        })
        .await
    }

    /// Whoever is missing from the list is looked up before anything is taken away.
    async fn find(&self, id: &u32) -> Result<Option<User>, SourceError> {
        self.api.user(*id).await.map_err(ApiError::reading)
    }
}

fn row(user: Value) -> Row<User> {
    let id = user["id"].as_u64().and_then(|id| id.try_into().ok());
    match serde_json::from_value::<User>(user) {
        Ok(user) => user.into(),
        Err(why) => Row::unreadable(id, why),
    }
}
