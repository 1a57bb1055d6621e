//! How a status looks. Colour only repeats what the word and the shape of the mark say.

/// The class of a pill for a status of a record, session, task or answer.
pub(crate) fn of(status: &str) -> &'static str {
    match status {
        "active" | "completed" | "created" | "came_back" => "good",
        "pending" | "in_progress" | "changed" => "wait",
        "scheduled" => "later",
        "suspended" | "abandoned" => "warn",
        "failed" | "removed" => "bad",
        _ => "quiet",
    }
}

/// The class of a pill for the status of an HTTP answer.
pub(crate) fn of_answer(status: &Option<u16>) -> &'static str {
    match status {
        Some(..400) => "good",
        Some(400..500) => "warn",
        Some(500..) => "bad",
        None => "quiet",
    }
}

/// A status as a person writes it.
pub(crate) fn words(status: &str) -> String {
    crate::shown::line(&status.replace('_', " "))
}
