//! Whether Iden holds what the system holds, and nothing is left to do (invariants 9 and 15).

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::{
    faults::Fault,
    iden::{Held, Key, tasks::Task},
    stage::State,
    system::{Employment, Person},
};

impl State {
    /// What still differs.
    pub fn difference(&self) -> Option<String> {
        let open = self.server.tasks.values().find(|task| task.ended.is_none());
        if let Some(task) = open {
            return Some(format!("task {} ({} {}) is open", task.id, task.action, task.number));
        }
        if let Some((task, _)) = self.world.running.first() {
            return Some(format!("task {task} is at work"));
        }
        let answers = &self.server.answers;
        let there = |slug: &str, ids: &mut dyn Iterator<Item = String>| {
            let ids: BTreeSet<String> = ids.map(|id| answers.id(&id)).collect();
            let held: BTreeSet<String> = self.server.active(slug).map(|(key, _)| key.1.clone()).collect();
            // A type that nothing was pushed of may be left as it is (question P12): there is no way to empty it then.
            if ids.is_empty() && !answers.empties_unpushed {
                return None;
            }
            (held != ids).then(|| {
                let differs: Vec<&String> = held.symmetric_difference(&ids).collect();
                format!("{slug}: {differs:?} stand in one of the two only")
            })
        };
        let world = &self.world;
        let of_type =
            |slug: &'static str| world.people.keys().copied().filter(move |one| world.names.slug(*one) == slug);
        let mut accounts = world.names.accounts();
        let mut things = world.things.iter();
        accounts
            .find_map(|slug| there(slug, &mut of_type(slug).map(|number| world.id_of(number))))
            .or_else(|| things.find_map(|(slug, of)| there(slug, &mut of.keys().cloned())))
            .or_else(|| world.people.values().find_map(|person| self.differs(person)))
    }

    fn differs(&self, person: &Person) -> Option<String> {
        let names = self.world.names;
        let slug = names.slug(person.number);
        let key: Key = self.server.answers.key(slug, &names.id(person.number, person.spelling));
        let Held { fields, .. } = self.server.records.get(&key)?;
        let status = match person.status {
            Employment::Active => "active",
            Employment::Suspended => "suspended",
            Employment::Inactive => "inactive",
        };
        let ids = |of: &BTreeSet<String>| of.iter().map(|id| self.server.answers.id(id)).collect::<BTreeSet<_>>();
        let edges = |field: &str| -> Value {
            let of = names.edges(slug).iter().filter(|(one, _)| *one == field);
            of.map(|(_, slug)| ((*slug).to_owned(), json!(ids(&person.held[slug])))).collect()
        };
        let wanted = [
            ("email", json!(person.email())),
            ("first_name", json!(person.first_name)),
            ("status", json!(status)),
            ("memberships", edges("memberships")),
            ("assignments", edges("assignments")),
        ];
        let found = |field: &str| -> Value {
            match fields.get(field) {
                None if field == "status" => json!("active"),
                Some(Value::Object(edges)) => edges
                    .iter()
                    .map(|(slug, ids)| {
                        let ids: BTreeSet<&str> =
                            ids.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
                        (slug.clone(), json!(ids))
                    })
                    .collect(),
                found => found.cloned().unwrap_or_default(),
            }
        };
        wanted.into_iter().find_map(|(field, wanted)| {
            let found = found(field);
            (found != wanted).then(|| format!("{}: {field} is {found}, and should be {wanted}", person.number))
        })
    }

    fn reading_panicked(&self, task: &Task) -> bool {
        let message = task.error["message"].as_str().unwrap_or_default();
        message.ends_with("reading the payload panicked") && self.fired[Fault::UserPanic.position()] > 0
    }

    /// Tasks that have failed without need.
    pub fn failed_without_need(&self) -> Option<String> {
        let ours =
            self.server.tasks.values().filter(|task| !task.by_somebody && task.ended.as_deref() == Some("failed"));
        for task in ours {
            let code = task.error["code"].as_str().unwrap_or_default();
            let is_fine = match code {
                "account_not_found" | "account_already_exists" => true,
                "unsupported_action" => task.is_odd(),
                // The engine does not read a payload again if reading an id in it panicked, nor if the task was interrupted before.
                "internal_error" | "outcome_unknown" if self.reading_panicked(task) => true,
                "outcome_unknown" | "result_lost" if task.action == "reset_password" => true,
                // Overtaken before it was begun, or while nobody knew what had become of it.
                // One that was put off since may stand behind the other now.
                "superseded" | "outcome_unknown" if task.moved.is_some() => true,
                "superseded" | "outcome_unknown" => self.server.tasks.values().any(|other| {
                    // One that was put off had another place in the order before.
                    let is_later = other.place() > task.place() || task.moved.is_some() || other.moved.is_some();
                    other.number == task.number
                        && is_later
                        && matches!(other.action, "suspend_account" | "delete_account")
                        && self.world.confirmed.contains(&other.id)
                }),
                _ => false,
            };
            if !is_fine {
                return Some(format!("task {} ({}) has failed: {}", task.id, task.action, task.error));
            }
        }
        None
    }
}
