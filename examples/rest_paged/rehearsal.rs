//! The tasks that `dev` queues: one of each kind, each about somebody else.

use iden_bridge::{dev::Rehearsal, prelude::*};
use serde_json::json;

use crate::model::User;

pub fn queue(rehearsal: &mut Rehearsal<'_>) {
    let people = rehearsal.records::<User>();
    let mut enabled = people.iter().filter(|user| user["status"] == "active");
    let mut locked = people.iter().filter(|user| user["status"] == "suspended");

    rehearsal.queue::<CreateAccount<User>>(&json!({
        "account": {"email": "nadia.okafor@acme.example", "first_name": "Nadia", "last_name": "Okafor"},
        "memberships": {"group": ["staff", "wiki"]},
    }));
    if let Some(user) = enabled.next() {
        rehearsal.queue::<UpdateAccount<User>>(&json!({
            "account": {"id": user["id"]},
            "changes": {"last_name": "Nakamura-Lindqvist"},
            "memberships": {"group": ["board"]},
        }));
    }
    let about = |user: &serde_json::Value| json!({"account": {"id": user["id"]}});
    if let Some(user) = enabled.next() {
        rehearsal.queue::<SuspendAccount<User>>(&about(user));
    }
    if let Some(user) = locked.next() {
        rehearsal.queue::<UnsuspendAccount<User>>(&about(user));
    }
    if let Some(user) = enabled.next() {
        rehearsal.queue::<ResetPassword<User>>(&about(user));
    }
    if let Some(user) = enabled.next() {
        rehearsal.queue::<DeleteAccount<User>>(&about(user));
    }
}
