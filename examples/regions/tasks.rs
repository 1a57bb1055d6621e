//! Handlers are written once. A task reaches the one of the app that it is for, with that region's database.

use iden_bridge::{Tasks, dev::Rehearsal, prelude::*};
use serde_json::json;

use crate::{model::Employee, region::Region};

pub fn all() -> Tasks<Region> {
    tasks![suspend, unsuspend]
}

#[bridge_task]
pub async fn suspend(cx: TaskContext<Region>, task: SuspendAccount<Employee>) -> Result<(), TaskError> {
    set_present(cx, task.id().clone(), false).await
}

#[bridge_task]
pub async fn unsuspend(cx: TaskContext<Region>, task: UnsuspendAccount<Employee>) -> Result<(), TaskError> {
    set_present(cx, task.id().clone(), true).await
}

async fn set_present(cx: TaskContext<Region>, id: String, present: bool) -> Result<(), TaskError> {
    cx.blocking(move |region| match region.set_present(&id, present)? {
        true => Ok(()),
        false => Err(TaskError::account_not_found(&id)),
    })
    .await
}

/// In each region the first who is there goes on leave.
pub fn rehearse(rehearsal: &mut Rehearsal<'_>) {
    let people = rehearsal.records::<Employee>();
    if let Some(person) = people.iter().find(|person| person["status"] == "active") {
        rehearsal.queue::<SuspendAccount<Employee>>(&json!({"account": {"id": person["id"]}}));
    }
}
