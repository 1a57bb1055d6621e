//! Reading the machine.

use std::sync::Arc;

use iden_bridge::prelude::*;

use crate::{
    etc::Etc,
    host::Host,
    model::{UnixGroup, User},
    name::Name,
};

impl Host {
    /// The files are read once in a session, for groups and users alike: read twice, a user could be in a group that
    /// was not there yet.
    async fn shared_etc<R: iden_bridge::Resource>(&self, out: &Out<R>) -> Result<Arc<Etc>, SourceError> {
        out.shared(async || Ok(self.etc()?)).await
    }
}

impl Source<UnixGroup> for Host {
    const SNAPSHOT: bool = true;

    async fn read(&self, out: &Out<UnixGroup>) -> Result<(), SourceError> {
        for group in &self.shared_etc(out).await?.groups {
            match group {
                Ok(group) => out.push(group).await,
                Err(bad) => out.unreadable(bad.name.clone(), &bad.why).await,
            }
        }
        Ok(())
    }
}

impl Source<User> for Host {
    const SNAPSHOT: bool = true;

    async fn read(&self, out: &Out<User>) -> Result<(), SourceError> {
        for user in &self.shared_etc(out).await?.users {
            match user {
                Ok(user) => out.push(user).await,
                Err(bad) => out.unreadable(bad.name.clone(), &bad.why).await,
            }
        }
        Ok(())
    }

    async fn find(&self, login: &Name) -> Result<Option<User>, SourceError> {
        Ok(self.etc()?.user(login).cloned())
    }
}
