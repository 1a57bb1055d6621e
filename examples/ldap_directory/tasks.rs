//! What Iden may order. LDAP has no transactions over several entries: each handler does its steps in an order in which it can
//! be run again from any of them.

use std::collections::HashSet;

use iden_bridge::{Tasks, prelude::*};
use ldap3::{Mod, SearchEntry};
use uuid::Uuid;

use crate::{
    connection::Connection,
    directory::Directory,
    entry,
    error::DirectoryError,
    login::Login,
    model::{Group, Person},
};

/// A lock that no time ends (slapo-ppolicy).
const FOR_EVER: &str = "000001010000Z";

pub fn all() -> Tasks<Directory> {
    tasks![create, change, delete, suspend, unsuspend, reset_password]
}

/// May run again: the entry says which task made it, so a second run goes on with it instead of finding its name taken.
#[bridge_task(on_interrupt = rerun)]
pub async fn create(
    cx: TaskContext<Directory>,
    task: CreateAccount<Person>,
) -> Result<Created<Person>, DirectoryError> {
    let made_by = format!("iden task {}", cx.task.key);
    let mut connection = cx.connect().await?;
    let person = match made(&mut connection, &made_by).await? {
        Some(person) => person,
        None => {
            add(&mut connection, &cx.base, &task, &made_by).await?;
            made(&mut connection, &made_by).await?.ok_or(DirectoryError::Vanished)?
        }
    };
    set_groups(&mut connection, &person.dn, &task.memberships::<Group>().unwrap_or_default()).await?;
    Ok(Created::new(entry::id(&person).map_err(|_| DirectoryError::Vanished)?))
}

/// The entry that this task has made.
async fn made(connection: &mut Connection, made_by: &str) -> Result<Option<SearchEntry>, DirectoryError> {
    Ok(connection.all_with(Directory::PEOPLE, "description", made_by, &["entryUUID"]).await?.pop())
}

async fn add(
    connection: &mut Connection,
    base: &str,
    task: &CreateAccount<Person>,
    made_by: &str,
) -> Result<(), DirectoryError> {
    let login = login_of(task)?;
    let uid = login.to_string();
    let last_name = task.last_name().unwrap_or(&uid);
    let full_name = task.first_name().map_or_else(|| last_name.to_owned(), |first| format!("{first} {last_name}"));
    let name = task.display_name().unwrap_or(&full_name);
    let mut attributes = vec![
        ("objectClass", "inetOrgPerson"),
        ("uid", uid.as_str()),
        ("cn", name),
        ("sn", last_name),
        ("description", made_by),
    ];
    let optional = [("mail", task.email()), ("givenName", task.first_name()), ("displayName", task.display_name())];
    attributes.extend(optional.into_iter().filter_map(|(attribute, value)| Some((attribute, value?))));
    connection.add(&login.dn(base), &attributes).await
}

#[bridge_task]
pub async fn change(cx: TaskContext<Directory>, task: UpdateAccount<Person>) -> Result<(), DirectoryError> {
    let mut connection = cx.connect().await?;
    let dn = dn_of(&mut connection, *task.id()).await?;
    let mut changes = Vec::new();
    for change in task.changes() {
        let (attribute, value) = match change {
            AccountChange::Email(email) => ("mail", email),
            AccountChange::FirstName(name) => ("givenName", name),
            AccountChange::LastName(name) => ("sn", Some(name.ok_or(DirectoryError::Missing("last_name"))?)),
            AccountChange::DisplayName(name) => ("displayName", name),
            // The login name is the name of the entry, and stands in every group.
            other => return Err(DirectoryError::Unsupported(other.field().to_owned())),
        };
        changes.push(Mod::Replace(attribute.to_owned(), value.into_iter().collect()));
    }
    if !changes.is_empty() {
        connection.modify(&dn, changes).await?;
    }
    // `None` says nothing about groups; an empty list says: none.
    match task.memberships::<Group>() {
        Some(groups) => set_groups(&mut connection, &dn, &groups).await,
        None => Ok(()),
    }
}

/// Groups first: they name the entry by its DN, which nobody knows once it is gone. Whoever is gone need not be deleted.
#[bridge_task]
pub async fn delete(cx: TaskContext<Directory>, task: DeleteAccount<Person>) -> Result<(), DirectoryError> {
    let mut connection = cx.connect().await?;
    match dn_of(&mut connection, *task.id()).await {
        Ok(dn) => {
            set_groups(&mut connection, &dn, &[]).await?;
            connection.delete(&dn).await
        }
        Err(DirectoryError::NoSuchPerson(_)) => Ok(()),
        Err(other) => Err(other),
    }
}

#[bridge_task]
pub async fn suspend(cx: TaskContext<Directory>, task: SuspendAccount<Person>) -> Result<(), DirectoryError> {
    set_lock(&cx, *task.id(), HashSet::from([FOR_EVER.to_owned()])).await
}

#[bridge_task]
pub async fn unsuspend(cx: TaskContext<Directory>, task: UnsuspendAccount<Person>) -> Result<(), DirectoryError> {
    set_lock(&cx, *task.id(), HashSet::new()).await
}

/// The directory makes the password. With `pwdMustChange` in its policy it is good for one login.
#[bridge_task]
pub async fn reset_password(
    cx: TaskContext<Directory>,
    task: ResetPassword<Person>,
) -> Result<NewPassword, DirectoryError> {
    let mut connection = cx.connect().await?;
    let dn = dn_of(&mut connection, *task.id()).await?;
    Ok(NewPassword::temporary(connection.new_password(&dn).await?))
}

async fn set_lock(cx: &TaskContext<Directory>, id: Uuid, lock: HashSet<String>) -> Result<(), DirectoryError> {
    let mut connection = cx.connect().await?;
    let dn = dn_of(&mut connection, id).await?;
    connection.modify(&dn, vec![Mod::Replace("pwdAccountLockedTime".to_owned(), lock)]).await
}

/// These groups and no others. New ones first: whoever moves from one to another is never in none.
async fn set_groups(connection: &mut Connection, dn: &str, wanted: &[Ref<Group>]) -> Result<(), DirectoryError> {
    let mut keep = HashSet::new();
    for group in wanted {
        let found = connection.find(Directory::GROUPS, *group.id(), &["entryUUID"]).await?;
        let group = found.ok_or(DirectoryError::NoSuchGroup(*group.id()))?.dn;
        connection.add_value(&group, "member", dn).await?;
        keep.insert(group);
    }
    for group in connection.all_with(Directory::GROUPS, "member", dn, &["entryUUID"]).await? {
        if !keep.contains(&group.dn) {
            connection.remove_value(&group.dn, "member", dn).await?;
        }
    }
    Ok(())
}

async fn dn_of(connection: &mut Connection, id: Uuid) -> Result<String, DirectoryError> {
    let found = connection.find(Directory::PEOPLE, id, &["entryUUID"]).await?;
    found.map(|entry| entry.dn).ok_or(DirectoryError::NoSuchPerson(id))
}

/// The login name that the task asks for, else the part of the e-mail address before the `@`.
fn login_of(task: &CreateAccount<Person>) -> Result<Login, DirectoryError> {
    let of_email = || task.email()?.split('@').next().map(str::to_lowercase);
    task.username().map(str::to_owned).or_else(of_email).ok_or(DirectoryError::Missing("username"))?.parse()
}
