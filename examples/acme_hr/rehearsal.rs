//! The tasks that `dev` queues: one of each kind, each about somebody else, so that every effect can be seen.

use iden_bridge::{dev::Rehearsal, prelude::*};
use serde_json::{Value, json};

use crate::model::Employee;

pub fn queue(rehearsal: &mut Rehearsal<'_>) {
    // Whom the tasks are about is looked up, so that `dev` can run again and again on one database.
    let people = rehearsal.records::<Employee>();
    let of = |status: &'static str| {
        let with = people.iter().filter(move |person| person["status"] == status);
        with.filter_map(|person| person["id"].as_str().map(str::to_owned))
    };
    let (mut employed, mut on_leave) = (of("active"), of("suspended"));

    let email = format!("nadia.okafor{}@acme.example", people.len() + 1);
    rehearsal.queue::<CreateAccount<Employee>>(&json!({
        "account": {
            "email": email,
            "first_name": "Nadia",
            "last_name": "Okafor",
            "assignments": {"seat": ["ide", "office"]},
        },
        "memberships": {"team": ["platform", "security"]},
    }));
    if let Some(id) = employed.next() {
        rehearsal.queue::<UpdateAccount<Employee>>(&json!({
            "account": {"id": id, "assignments": {"seat": ["ledger", "office"]}},
            "changes": {"last_name": "Nakamura-Lindqvist"},
            "memberships": {"team": ["finance"]},
        }));
    }
    let about = |id: String| -> Value { json!({"account": {"id": id}}) };
    if let Some(id) = employed.next() {
        rehearsal.queue::<SuspendAccount<Employee>>(&about(id));
    }
    if let Some(id) = on_leave.next() {
        rehearsal.queue::<UnsuspendAccount<Employee>>(&about(id));
    }
    if let Some(id) = employed.next() {
        rehearsal.queue::<ResetPassword<Employee>>(&about(id));
    }
    if let Some(id) = employed.next() {
        rehearsal.queue::<DeleteAccount<Employee>>(&about(id));
    }
}
