//! Where the directory is, and what of it is read.

use std::{env, time::Duration};

use iden_bridge::Secret;
use ldap3::{LdapConnAsync, LdapConnSettings, LdapError};
use serde::Deserialize;
use url::{Host, Url};

use crate::{connection::Connection, error::DirectoryError};

/// `[app]` in `bridge.toml`. The password has no place in a file: it comes from the environment.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    url: Option<String>,
    base: Option<String>,
    bind_dn: Option<String>,
}

#[derive(Debug)]
pub struct Directory {
    url: Url,
    /// Everything is below this entry.
    pub base: String,
    bind_dn: String,
    password: Secret,
}

impl Directory {
    pub const PEOPLE: &'static str = "(objectClass=inetOrgPerson)";
    pub const GROUPS: &'static str = "(objectClass=groupOfNames)";

    /// Connects once, so that whatever is wrong is said now and not in the middle of a sync.
    pub async fn open(settings: Settings) -> Result<Directory, Unopened> {
        let set = |name: &'static str, or: Option<String>| {
            env::var(name).ok().filter(|value| !value.is_empty()).or(or).ok_or(Unopened::NotSet(name))
        };
        let url = set("LDAP_URL", settings.url)?;
        let (base, bind_dn) = (set("LDAP_BASE", settings.base)?, set("LDAP_BIND_DN", settings.bind_dn)?);
        let directory = Directory::at(&url, &base, &bind_dn, Secret::new(set("LDAP_PASSWORD", None)?))?;
        directory.connect().await?;
        Ok(directory)
    }

    /// The directory at this address, without asking whether it is there.
    pub fn at(url: &str, base: &str, bind_dn: &str, password: Secret) -> Result<Directory, Unopened> {
        let url = Url::parse(url).map_err(|why| Unopened::BadUrl(url.to_owned(), why))?;
        Ok(Directory { url, base: base.to_owned(), bind_dn: bind_dn.to_owned(), password })
    }

    /// A connection for each read and each task: the next one does not suffer from what befell the last one.
    pub async fn connect(&self) -> Result<Connection, DirectoryError> {
        let settings =
            LdapConnSettings::new().set_conn_timeout(Duration::from_secs(10)).set_starttls(self.wants_starttls());
        let connected = LdapConnAsync::from_url_with_settings(settings, &self.url).await;
        let (driver, mut ldap) = connected.map_err(DirectoryError::Unreachable)?;
        // It ends with the last handle of the connection. What it has to say, the handles say too.
        tokio::spawn(driver.drive());
        let bound = ldap.simple_bind(&self.bind_dn, self.password.expose()).await.and_then(ldap3::LdapResult::success);
        bound.map_err(|error| match error {
            // invalidCredentials: also the answer where there is no such entry, or where it is locked.
            LdapError::LdapResult { result } if result.rc == 49 => DirectoryError::Forbidden,
            other => DirectoryError::Unreachable(other),
        })?;
        Ok(Connection::new(ldap, self.base.clone()))
    }

    /// The password goes over no network as it is: an `ldap://` that leaves this machine is encrypted first, or fails.
    fn wants_starttls(&self) -> bool {
        let loopback = match self.url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(ip)) => ip.is_loopback(),
            Some(Host::Ipv6(ip)) => ip.is_loopback(),
            None => true,
        };
        self.url.scheme() == "ldap" && !loopback
    }
}

#[derive(Debug, thiserror::Error)]
pub enum Unopened {
    #[error("{0} is not set")]
    NotSet(&'static str),
    #[error("LDAP_URL is `{0}`, which is no address such as ldaps://ldap.acme.example")]
    BadUrl(String, #[source] url::ParseError),
    #[error(transparent)]
    Directory(#[from] DirectoryError),
}
