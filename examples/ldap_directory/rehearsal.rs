//! The tasks that `dev` queues: one of each kind, each about somebody else.

use iden_bridge::{dev::Rehearsal, prelude::*};
use serde_json::json;

use crate::model::{Group, Person};

pub fn queue(rehearsal: &mut Rehearsal<'_>) {
    let people = rehearsal.records::<Person>();
    let groups = rehearsal.ids::<Group>();
    let mut enabled = people.iter().filter(|person| person["status"] == "active");
    let mut locked = people.iter().filter(|person| person["status"] == "suspended");

    rehearsal.queue::<CreateAccount<Person>>(&json!({
        "account": {"email": "nadia.okafor@acme.example", "first_name": "Nadia", "last_name": "Okafor"},
        "memberships": {"group": groups.iter().take(2).collect::<Vec<_>>()},
    }));
    if let Some(person) = enabled.next() {
        rehearsal.queue::<UpdateAccount<Person>>(&json!({
            "account": {"id": person["id"]},
            "changes": {"last_name": "Nakamura-Lindqvist"},
            "memberships": {"group": groups.iter().rev().take(1).collect::<Vec<_>>()},
        }));
    }
    let about = |person: &serde_json::Value| json!({"account": {"id": person["id"]}});
    if let Some(person) = enabled.next() {
        rehearsal.queue::<SuspendAccount<Person>>(&about(person));
    }
    if let Some(person) = locked.next() {
        rehearsal.queue::<UnsuspendAccount<Person>>(&about(person));
    }
    if let Some(person) = enabled.next() {
        rehearsal.queue::<ResetPassword<Person>>(&about(person));
    }
    if let Some(person) = enabled.next() {
        rehearsal.queue::<DeleteAccount<Person>>(&about(person));
    }
}
