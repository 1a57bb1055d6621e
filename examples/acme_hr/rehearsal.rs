//! The tasks that `dev` queues: one of each kind, each about somebody else, so that every effect can be seen.

use iden_bridge::{dev::Rehearsal, prelude::*};
use serde_json::{Value, json};

use crate::model::Employee;

const MARRIED_NAME: &str = "Nakamura-Lindqvist";

pub fn queue(rehearsal: &mut Rehearsal<'_>) {
    // Whom the tasks are about is looked up, so that `dev` can run again and again on one database.
    let people = rehearsal.records::<Employee>();
    let mut employed = people.iter().filter(|person| person["status"] == "active");
    let mut on_leave = people.iter().filter(|person| person["status"] == "suspended");

    rehearsal.queue::<CreateAccount<Employee>>(&json!({
        "account": {
            "email": format!("nadia.okafor{}@acme.example", people.len() + 1),
            "first_name": "Nadia",
            "last_name": "Okafor",
            "assignments": {"seat": ["ide", "office"]},
        },
        "memberships": {"team": ["platform", "security"]},
    }));
    if let Some(person) = employed.find(|person| person["last_name"] != MARRIED_NAME) {
        rehearsal.queue::<UpdateAccount<Employee>>(&json!({
            "account": {"id": person["id"], "assignments": {"seat": ["ledger", "office"]}},
            "changes": {"last_name": MARRIED_NAME},
            "memberships": {"team": ["finance"]},
        }));
    }
    let about = |person: &Value| json!({"account": {"id": person["id"]}});
    if let Some(person) = employed.next() {
        rehearsal.queue::<SuspendAccount<Employee>>(&about(person));
    }
    if let Some(person) = on_leave.next() {
        rehearsal.queue::<UnsuspendAccount<Employee>>(&about(person));
    }
    if let Some(person) = employed.next() {
        rehearsal.queue::<ResetPassword<Employee>>(&about(person));
    }
    if let Some(person) = employed.next() {
        rehearsal.queue::<DeleteAccount<Employee>>(&about(person));
    }
}
