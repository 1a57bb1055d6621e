//! An LDAP directory, such as OpenLDAP, with all six kinds of task.
//!
//! ```text
//! export LDAP_URL=ldaps://ldap.acme.example LDAP_BASE=dc=acme,dc=example
//! export LDAP_BIND_DN=cn=bridge,ou=services,dc=acme,dc=example LDAP_PASSWORD=…
//! cargo run --example ldap_directory -- plan
//! ```
//!
//! `dev --once` works as well, and carries its tasks out: on a test directory only. The first three may stand in `bridge.toml`,
//! under `[app]`, as `url`, `base` and `bind_dn`. There is no default that could be somebody's directory.
//!
//! People are entries of the class `inetOrgPerson`, groups of `groupOfNames`, both anywhere below the base. Somebody is
//! suspended by `pwdAccountLockedTime`, which the password-policy overlay (slapo-ppolicy) of OpenLDAP checks, with a policy that
//! has `pwdLockout`. Not everything is a password: what lets people in by a key has to look at that attribute too.
//!
//! To start from it: change the attributes in `entry.rs`, and the filters in `directory.rs`.

// A program has no outside, so plain `pub` says enough.
#![allow(unreachable_pub)]

mod connection;
mod directory;
mod entry;
mod error;
mod login;
mod members;
mod model;
mod rehearsal;
mod source;
mod tasks;
#[cfg(all(test, unix))]
mod tests;

use iden_bridge::prelude::*;

use directory::Directory;
use model::{Group, Person};

#[tokio::main]
async fn main() -> ExitCode {
    Connector::builder("LDAP directory", Directory::open)
        .version(env!("CARGO_PKG_VERSION"))
        .resource::<Group>()
        .resource::<Person>()
        .tasks(tasks::all())
        .rehearsal(rehearsal::queue)
        .main()
        .await
}
