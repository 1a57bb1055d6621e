//! Where each page stands. Ids from outside go into the query, never into the path: a browser would resolve an id like `..`.

use std::fmt::Display;

use form_urlencoded::Serializer;

/// The first page.
pub(crate) const HOME: &str = "/console/";
/// Where a key is asked for.
pub(crate) const SIGN_IN: &str = "/console/sign-in/";
/// All requests.
pub(crate) const REQUESTS: &str = "/console/requests/";
/// What is taken for granted where the protocol is silent.
pub(crate) const ASSUMPTIONS: &str = "/console/assumptions/";
/// Where the script hears of changes.
pub(crate) const EVENTS: &str = "/console/events/";
/// The rules that make the sandbox misbehave.
pub(crate) const FAULTS: &str = "/console/faults/";
/// The sandbox's time.
pub(crate) const CLOCK: &str = "/console/clock/";

/// An app.
pub(crate) fn app(id: impl Display) -> String {
    format!("{HOME}apps/{id}/")
}

/// The records of an app.
pub(crate) fn records(app: impl Display) -> String {
    format!("{HOME}apps/{app}/records/")
}

/// The records of one type.
pub(crate) fn records_of(app: impl Display, slug: &str) -> String {
    with_query(&records(app), [("type", slug)])
}

/// The records of one type and status.
pub(crate) fn records_with(app: impl Display, slug: &str, status: &str) -> String {
    with_query(&records(app), [("type", slug), ("status", status)])
}

/// One record.
pub(crate) fn record(app: impl Display, slug: &str, id: &str) -> String {
    with_query(&format!("{HOME}apps/{app}/record/"), [("type", slug), ("id", id)])
}

/// The sync sessions of an app.
pub(crate) fn sessions(app: impl Display) -> String {
    format!("{HOME}apps/{app}/sessions/")
}

/// One sync session.
pub(crate) fn session(app: impl Display, id: impl Display) -> String {
    format!("{HOME}apps/{app}/sessions/{id}/")
}

/// The tasks of an app.
pub(crate) fn tasks(app: impl Display) -> String {
    format!("{HOME}apps/{app}/tasks/")
}

/// One task.
pub(crate) fn task(app: impl Display, id: impl Display) -> String {
    format!("{HOME}apps/{app}/tasks/{id}/")
}

/// The form for a new task.
pub(crate) fn new_task(app: impl Display) -> String {
    format!("{HOME}apps/{app}/tasks/new/")
}

/// The form for a new task about this account.
pub(crate) fn new_task_about(app: impl Display, action: &str, slug: &str, id: &str) -> String {
    with_query(&new_task(app), [("action", action), ("type", slug), ("account", id)])
}

/// One request.
pub(crate) fn request(number: impl Display) -> String {
    format!("{REQUESTS}{number}/")
}

/// Whether a path is answered before a key was given.
pub(crate) fn is_open(path: &str) -> bool {
    [SIGN_IN, "/console/style.css", "/console/script.js", "/console/icon.svg"].contains(&path)
}

/// An address with a query. Pairs with an empty value are left out.
pub(crate) fn with_query<'a>(path: &str, pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let mut query = Serializer::new(String::new());
    query.extend_pairs(pairs.into_iter().filter(|(_, value)| !value.is_empty()));
    let query = query.finish();
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn an_id_that_looks_like_a_path_stays_an_id() {
        let link = record(Uuid::nil(), "employee", "../../sign-in/?a=b&c#d");
        assert!(link.ends_with("/record/?type=employee&id=..%2F..%2Fsign-in%2F%3Fa%3Db%26c%23d"), "{link}");
    }
}
