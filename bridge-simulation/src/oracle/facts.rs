//! What the oracle asks of Iden and of the system.

use std::time::Duration;

use crate::{
    iden::{Ask, Key, Server},
    system::World,
};

/// One request, whenever it is sent.
pub(super) fn key_of(ask: &Ask) -> u64 {
    let mut trace = crate::trace::Trace::new(false);
    trace.note(Duration::ZERO, ask.method, ask.path.as_bytes());
    trace.note(Duration::ZERO, &ask.query, &ask.body);
    trace.hash()
}

/// Since when a record is there, and when a task has touched it; `None` if it is not.
pub(super) fn stands_there((slug, id): &Key, world: &World) -> Option<(Duration, Option<Duration>)> {
    match slug.as_str() {
        "employee" => world.people.get(&id.parse().ok()?).map(|one| (one.since, one.touched)),
        "team" => world.teams.get(id).map(|one| (one.since, None)),
        _ => world.seats.get(id).map(|one| (one.since, None)),
    }
}

/// Whether Iden itself wanted it to go.
pub(super) fn is_ordered((slug, id): &Key, actions: &[&str], server: &Server, world: &World) -> bool {
    let of = |task: &crate::iden::tasks::Task| task.number.to_string() == *id && actions.contains(&task.action);
    slug == "employee" && server.tasks.values().any(|task| of(task) && world.confirmed.contains(&task.id))
}
