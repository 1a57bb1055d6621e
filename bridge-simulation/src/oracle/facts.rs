//! What the oracle asks of Iden and of the system.

use std::{collections::BTreeMap, time::Duration};

use crate::{
    iden::{
        Ask, Edge, Key, Server,
        edges::{edges_of, targets},
        tasks::Task,
    },
    plan::Answers,
    system::{Person, Thing, World},
};

/// One request, whenever it is sent.
pub(super) fn key_of(ask: &Ask) -> u64 {
    let mut trace = crate::trace::Trace::new(false);
    trace.note(Duration::ZERO, ask.method, ask.path.as_bytes());
    trace.note(Duration::ZERO, &ask.query, &ask.body);
    trace.hash()
}

/// Since when a record is there, and when a task has touched it; `None` if it is not.
pub(super) fn stands_there((slug, id): &Key, answers: &Answers, world: &World) -> Option<(Duration, Option<Duration>)> {
    let thing = |of: &BTreeMap<String, Thing>| {
        let found = of.iter().find(|(there, _)| answers.id(there) == *id);
        found.map(|(_, one)| (one.since, None))
    };
    match slug.as_str() {
        "employee" => world.people.get(&id.parse().ok()?).map(|one| (one.since, one.touched)),
        "team" => thing(&world.teams),
        _ => thing(&world.seats),
    }
}

/// Whether the system does not show an account at that time that a creation has made whose answer got lost.
pub(super) fn is_made_unseen((slug, id): &Key, at: Duration, world: &World) -> bool {
    let person = id.parse().ok().filter(|_| slug == "employee").and_then(|number: u32| world.people.get(&number));
    let lost = |person: &Person| person.made_by.is_some_and(|task| !world.confirmed.contains(&task));
    person.is_some_and(|person| person.shown_from > at && lost(person))
}

/// Whether Iden itself wanted it to go.
pub(super) fn is_ordered((slug, id): &Key, actions: &[&str], server: &Server, world: &World) -> bool {
    let of = |task: &Task| task.number.to_string() == *id && actions.contains(&task.action);
    slug == "employee" && server.tasks.values().any(|task| of(task) && world.confirmed.contains(&task.id))
}

/// Whether a task that was done left this edge out. What tasks name is taken as the whole set by the system's handlers, whatever
/// Iden means by it (question P18): so it is a task, and no failed read, that ends it.
pub(super) fn is_ordered_edge(((slug, id), target): &Edge, server: &Server, world: &World) -> bool {
    let leaves_out = |task: &Task| match task.action {
        "delete_account" => true,
        "update_account" => {
            let named = task.payload.as_object().map(edges_of).unwrap_or_default();
            named[0].as_ref().is_some_and(|of| of.get(&target.0).is_some()) && !targets(&named).contains(target)
        }
        _ => false,
    };
    let of = |task: &Task| task.number.to_string() == *id && leaves_out(task);
    slug == "employee" && server.tasks.values().any(|task| of(task) && world.confirmed.contains(&task.id))
}
