//! What the oracle asks of Iden and of the system.

use std::time::Duration;

use crate::{
    iden::{
        Ask, Edge, Key, Server,
        edges::{edges_of, targets},
        tasks::Task,
    },
    plan::Answers,
    system::{Person, World},
};

/// One request, whenever it is sent.
pub(super) fn key_of(ask: &Ask) -> u64 {
    let mut trace = crate::trace::Trace::new(false);
    trace.note(Duration::ZERO, ask.method, ask.path.as_bytes());
    trace.note(Duration::ZERO, &ask.query, &ask.body);
    trace.hash()
}

/// Since when a record is there, and when a task has touched it; `None` if it is not.
pub(super) fn stands_there(key: &Key, answers: &Answers, world: &World) -> Option<(Duration, Option<Duration>)> {
    match world.things.get(key.0.as_str()) {
        Some(of) => of.iter().find(|(there, _)| answers.id(there) == key.1).map(|(_, one)| (one.since, None)),
        None => world.person(key).map(|one| (one.since, one.touched)),
    }
}

/// Whether the system does not show an account at that time that a creation has made whose answer got lost.
pub(super) fn is_made_unseen(key: &Key, at: Duration, world: &World) -> bool {
    let person = world.person(key);
    let lost = |person: &Person| person.made_by.is_some_and(|task| !world.confirmed.contains(&task));
    person.is_some_and(|person| person.shown_from > at && lost(person))
}

/// Whether Iden itself wanted it to go.
pub(super) fn is_ordered(key: &Key, actions: &[&str], server: &Server, world: &World) -> bool {
    let number = world.names.number(key);
    let of = |task: &Task| Some(task.number) == number && actions.contains(&task.action);
    server.tasks.values().any(|task| of(task) && world.confirmed.contains(&task.id))
}

/// Whether a task that was done left this edge out. What tasks name is taken as the whole set by the system's handlers, whatever
/// Iden means by it (question P18): so it is a task, and no failed read, that ends it.
pub(super) fn is_ordered_edge((account, target): &Edge, server: &Server, world: &World) -> bool {
    let leaves_out = |task: &Task| match task.action {
        "delete_account" => true,
        "update_account" => {
            let named = task.payload.as_object().map(edges_of).unwrap_or_default();
            named[0].as_ref().is_some_and(|of| of.get(&target.0).is_some()) && !targets(&named).contains(target)
        }
        _ => false,
    };
    let number = world.names.number(account);
    let of = |task: &Task| Some(task.number) == number && leaves_out(task);
    server.tasks.values().any(|task| of(task) && world.confirmed.contains(&task.id))
}
