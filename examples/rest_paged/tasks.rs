//! What Iden may order.

use iden_bridge::{Tasks, prelude::*};
use serde_json::{Map, Value, json};

use crate::{
    directory::Directory,
    error::ApiError,
    model::{Group, User, UserState},
};

pub fn all() -> Tasks<Directory> {
    tasks![create, change, delete, suspend, unsuspend, reset_password]
}

/// The directory knows idempotency keys: asked again with the key of this task, it gives the user that it made. So this may
/// run again after whatever interrupted it. An API without them needs `verify`, and a field to recognise its own work by.
#[bridge_task(on_interrupt = rerun)]
pub async fn create(cx: TaskContext<Directory>, task: CreateAccount<User>) -> Result<Created<User>, ApiError> {
    let mut user = Map::new();
    user.insert("email".to_owned(), required("email", task.email())?);
    user.insert("firstName".to_owned(), required("first_name", task.first_name())?);
    user.insert("lastName".to_owned(), json!(task.last_name()));
    user.insert("groups".to_owned(), json!(task.memberships::<Group>().unwrap_or_default()));
    let created = cx.api.create(&cx.task.key, &user).await?;
    Ok(Created::new(created.id))
}

#[bridge_task]
pub async fn change(cx: TaskContext<Directory>, task: UpdateAccount<User>) -> Result<(), ApiError> {
    let mut changes = Map::new();
    for change in task.changes() {
        let (field, value) = match change {
            AccountChange::Email(email) => ("email", required("email", email.as_deref())?),
            AccountChange::FirstName(name) => ("firstName", required("first_name", name.as_deref())?),
            AccountChange::LastName(name) => ("lastName", json!(name)),
            other => return Err(ApiError::Unsupported(other.field().to_owned())),
        };
        changes.insert(field.to_owned(), value);
    }
    // `None` says nothing about groups; an empty list says: none.
    if let Some(groups) = task.memberships::<Group>() {
        changes.insert("groups".to_owned(), json!(groups));
    }
    cx.api.change(*task.id(), &changes).await
}

/// Whoever is gone already need not be deleted.
#[bridge_task]
pub async fn delete(cx: TaskContext<Directory>, task: DeleteAccount<User>) -> Result<(), ApiError> {
    match cx.api.delete(*task.id()).await {
        Err(ApiError::NotFound) => Ok(()),
        other => other,
    }
}

#[bridge_task]
pub async fn suspend(cx: TaskContext<Directory>, task: SuspendAccount<User>) -> Result<(), ApiError> {
    set_status(&cx, *task.id(), UserState::Locked).await
}

#[bridge_task]
pub async fn unsuspend(cx: TaskContext<Directory>, task: UnsuspendAccount<User>) -> Result<(), ApiError> {
    set_status(&cx, *task.id(), UserState::Enabled).await
}

/// The directory mails a link; nobody here sees a password.
#[bridge_task]
pub async fn reset_password(cx: TaskContext<Directory>, task: ResetPassword<User>) -> Result<NewPassword, ApiError> {
    cx.api.reset_password(*task.id()).await?;
    Ok(NewPassword::sent_by_the_system())
}

async fn set_status(cx: &TaskContext<Directory>, id: u32, status: UserState) -> Result<(), ApiError> {
    let changes = Map::from_iter([("status".to_owned(), json!(status.as_str()))]);
    cx.api.change(id, &changes).await
}

fn required(field: &'static str, value: Option<&str>) -> Result<Value, ApiError> {
    let value = value.map(str::trim).filter(|value| !value.is_empty());
    value.map(Value::from).ok_or(ApiError::Missing(field))
}
