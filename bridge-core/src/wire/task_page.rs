//! A page of the task list, where one bad task does not lose the others (protocol.md section 6).

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::app::or_default;
use super::task::Fields;
use super::{Task, TaskId};

/// A page of the task list (protocol.md section 6).
///
/// ```
/// use bridge_core::wire::{TaskEntry, TaskPage};
///
/// let page: TaskPage = serde_json::from_str(r#"{"count": 1, "next": null, "previous": null, "results": [7]}"#)?;
/// assert!(matches!(page.results[0], TaskEntry::Unreadable { id: None, .. }));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct TaskPage {
    /// Tasks in the whole list, as Iden counts them. Where Iden does not say, the tasks of this page.
    pub count: u64,
    /// Iden's address of the next page. It says that there is one; it is never called, since a key must not follow an
    /// address that came over the wire.
    pub next: Option<String>,
    /// Iden's address of the page before; never called either.
    pub previous: Option<String>,
    /// The tasks, in the order sent.
    pub results: Vec<TaskEntry>,
}

/// A task of a page, or what can be said about one that cannot be read.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "nearly every entry is the large one; a box would only cost the reader")]
pub enum TaskEntry {
    /// A task.
    Readable(Task),
    /// Something that is not a task as documented.
    Unreadable {
        /// Its id, where that much could be read: enough to report it as failed, or to leave its account alone.
        id: Option<TaskId>,
        /// The field and what was expected there; never a value.
        why: String,
    },
}

#[derive(Deserialize)]
struct Frame {
    #[serde(default, deserialize_with = "or_default")]
    count: Option<u64>,
    #[serde(default, deserialize_with = "or_default")]
    next: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    previous: Option<String>,
    results: Vec<Box<RawValue>>,
}

impl<'de> Deserialize<'de> for TaskPage {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        let frame = Frame::deserialize(input)?;
        let results: Vec<_> = frame.results.iter().map(|raw| entry(raw.get())).collect();
        let count = frame.count.unwrap_or(results.len() as u64);
        Ok(Self { count, next: frame.next, previous: frame.previous, results })
    }
}

fn entry(raw: &str) -> TaskEntry {
    // Not an object at all. The parser's own words could repeat a value.
    let Ok(fields) = serde_json::from_str::<Fields>(raw) else {
        return TaskEntry::Unreadable { id: None, why: "it is not a JSON object".into() };
    };
    let id = fields.get("id").and_then(|id| serde_json::from_str::<String>(id.get()).ok()?.parse().ok());
    match Task::of(fields) {
        Ok(task) => TaskEntry::Readable(task),
        Err(fault) => TaskEntry::Unreadable { id, why: fault.to_string() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0b9e6a5c-3f0e-4d53-9b52-0d2f6f1f4a11";

    #[test]
    fn one_bad_task_does_not_lose_the_page() {
        let deep = format!("{}{}", "[".repeat(5000), "]".repeat(5000));
        let page = format!(
            r#"{{"count":4,"next":"https://evil.example/","previous":null,"results":[
                {{"id":"{ID}","status":"pending","resource_type":"employee"}},
                {{"id":"{ID}","action":"delete_account","status":"pending","resource_type":"employee","payload":{{}}}},
                null, {{"payload":{deep}}}]}}"#
        );
        let page: TaskPage = serde_json::from_str(&page).unwrap();
        assert_eq!((page.count, page.results.len()), (4, 4));
        let TaskEntry::Unreadable { id: Some(id), why } = &page.results[0] else { panic!("{page:?}") };
        assert_eq!((id.to_string().as_str(), why.as_str()), (ID, "`action` must be a string, but null came"));
        assert!(matches!(&page.results[1], TaskEntry::Readable(task) if task.action == "delete_account"));
        assert!(page.results[2..].iter().all(|entry| matches!(entry, TaskEntry::Unreadable { id: None, .. })));
    }

    #[test]
    fn a_task_that_is_nested_too_deep_is_named_by_its_id() {
        // The payload stands on the second level.
        let task = |levels: usize| {
            let (open, close) = ("[".repeat(levels - 2), "]".repeat(levels - 2));
            let payload = format!(r#"{{"extra":{open}{close}}}"#);
            format!(r#"{{"id":"{ID}","action":"a","status":"pending","resource_type":"employee","payload":{payload}}}"#)
        };
        let page = format!(r#"{{"results":[{},{}]}}"#, task(64), task(65));
        let page: TaskPage = serde_json::from_str(&page).unwrap();
        assert!(matches!(&page.results[0], TaskEntry::Readable(_)), "{page:?}");
        let TaskEntry::Unreadable { id: Some(id), why } = &page.results[1] else { panic!("{page:?}") };
        assert_eq!(
            (id.to_string().as_str(), why.as_str()),
            (ID, "`payload` makes the task nested deeper than 64 levels")
        );
    }

    #[test]
    fn a_number_beyond_all_measure_loses_one_task_at_most() {
        let task = |field: &str| {
            format!(r#"{{"id":"{ID}","action":"a","status":"pending","resource_type":"employee",{field}}}"#)
        };
        let harmless = [r#""result":1e999"#, r#""error":{"code":[1e999]}"#, r#""another":1e999"#].map(task);
        let page =
            format!(r#"{{"results":[{},{}],"count":1e999}}"#, harmless.join(","), task(r#""payload":{"n":1e999}"#));
        let page: TaskPage = serde_json::from_str(&page).unwrap();
        assert!(page.results[..3].iter().all(|entry| matches!(entry, TaskEntry::Readable(_))), "{page:?}");
        let TaskEntry::Unreadable { id: Some(id), why } = &page.results[3] else { panic!("{page:?}") };
        assert_eq!(id.to_string(), ID);
        assert!(why.starts_with("`payload` cannot be read"), "{why}");
        assert_eq!(page.count, 4, "as many as came");
    }

    #[test]
    fn a_page_without_results_is_no_page() {
        assert!(serde_json::from_str::<TaskPage>(r#"{"count":0}"#).is_err());
    }
}
