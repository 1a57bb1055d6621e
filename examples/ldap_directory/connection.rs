//! One connection, with the operations that the connector needs.

use std::{collections::HashSet, time::Duration};

use iden_bridge::Secret;
use ldap3::{
    Ldap, LdapResult, Mod, Scope, SearchEntry, SearchStream,
    adapters::{Adapter, EntriesOnly, PagedResults},
    exop::{PasswordModify, PasswordModifyResp},
    ldap_escape,
};
use uuid::Uuid;

use crate::error::DirectoryError;

/// Shorter than the 30 s of a handler.
const PATIENCE: Duration = Duration::from_secs(10);
/// Servers seldom give more than 500 or 1000 entries at once, whatever they are asked for.
const PAGE: i32 = 200;

#[derive(Debug)]
pub struct Connection {
    ldap: Ldap,
    base: String,
}

impl Connection {
    pub fn new(ldap: Ldap, base: String) -> Self {
        Connection { ldap, base }
    }

    /// The entries below the base that the filter lets through.
    pub async fn search(&mut self, filter: &str, attributes: &[&'static str]) -> Result<Entries, DirectoryError> {
        let adapters: Vec<Box<dyn Adapter<'static, _, _>>> =
            vec![Box::new(EntriesOnly::new()), Box::new(PagedResults::new(PAGE))];
        let ldap = self.ldap.with_timeout(PATIENCE);
        let found =
            ldap.streaming_search_with(adapters, &self.base, Scope::Subtree, filter, attributes.to_vec()).await?;
        Ok(Entries(found))
    }

    /// The entry of this class and `entryUUID`, if there is one.
    pub async fn find(
        &mut self,
        class: &str,
        id: Uuid,
        attributes: &[&'static str],
    ) -> Result<Option<SearchEntry>, DirectoryError> {
        Ok(self.all_with(class, "entryUUID", &id.to_string(), attributes).await?.pop())
    }

    /// The entries of this class that hold this value.
    pub async fn all_with(
        &mut self,
        class: &str,
        attribute: &str,
        value: &str,
        attributes: &[&'static str],
    ) -> Result<Vec<SearchEntry>, DirectoryError> {
        let mut entries = self.search(&format!("(&{class}({attribute}={}))", ldap_escape(value)), attributes).await?;
        let mut found = Vec::new();
        while let Some(entry) = entries.next().await? {
            found.push(entry);
        }
        Ok(found)
    }

    pub async fn add(&mut self, dn: &str, attributes: &[(&str, &str)]) -> Result<(), DirectoryError> {
        let attributes = attributes.iter().map(|(name, value)| (*name, HashSet::from([*value]))).collect();
        done(self.ldap.with_timeout(PATIENCE).add(dn, attributes).await)
    }

    pub async fn modify(&mut self, dn: &str, changes: Vec<Mod<String>>) -> Result<(), DirectoryError> {
        done(self.ldap.with_timeout(PATIENCE).modify(dn, changes).await)
    }

    /// Whatever this value stands for, it is there afterwards.
    pub async fn add_value(&mut self, dn: &str, attribute: &str, value: &str) -> Result<(), DirectoryError> {
        let add = Mod::Add(attribute.to_owned(), HashSet::from([value.to_owned()]));
        match self.ldap.with_timeout(PATIENCE).modify(dn, vec![add]).await? {
            // attributeOrValueExists
            LdapResult { rc: 20, .. } => Ok(()),
            other => done(Ok(other)),
        }
    }

    /// The same the other way round.
    pub async fn remove_value(&mut self, dn: &str, attribute: &str, value: &str) -> Result<(), DirectoryError> {
        let delete = Mod::Delete(attribute.to_owned(), HashSet::from([value.to_owned()]));
        match self.ldap.with_timeout(PATIENCE).modify(dn, vec![delete]).await? {
            // noSuchAttribute, noSuchObject
            LdapResult { rc: 16 | 32, .. } => Ok(()),
            other => done(Ok(other)),
        }
    }

    pub async fn delete(&mut self, dn: &str) -> Result<(), DirectoryError> {
        match self.ldap.with_timeout(PATIENCE).delete(dn).await? {
            // noSuchObject: somebody was faster.
            LdapResult { rc: 32, .. } => Ok(()),
            other => done(Ok(other)),
        }
    }

    /// Has the directory make a new password (RFC 3062).
    pub async fn new_password(&mut self, dn: &str) -> Result<Secret, DirectoryError> {
        let modify = PasswordModify { user_id: Some(dn), old_pass: None, new_pass: None };
        let (answer, _) = self.ldap.with_timeout(PATIENCE).extended(modify).await?.success()?;
        Ok(Secret::new(answer.parse::<PasswordModifyResp>().gen_pass))
    }
}

/// What a search finds, entry by entry.
pub struct Entries(SearchStream<'static, &'static str, Vec<&'static str>>);

impl Entries {
    /// The next entry; `None` when the server says that those were all.
    pub async fn next(&mut self) -> Result<Option<SearchEntry>, DirectoryError> {
        if let Some(entry) = self.0.next().await? {
            return Ok(Some(SearchEntry::construct(entry)));
        }
        // No more entries are not yet the end of the list: a server that gives only so many says it here.
        self.0.finish().await.success()?;
        Ok(None)
    }
}

fn done(result: ldap3::result::Result<LdapResult>) -> Result<(), DirectoryError> {
    result?.success()?;
    Ok(())
}
