//! What a test and the console see of the sandbox: plain values, copied when they are asked for.

mod record;
mod request;
mod session;
mod task;

pub use record::{Cause, FieldChange, HistoryEntry, HistoryView, RecordChange, RecordQuery, RecordView};
pub use request::{RequestQuery, RequestSummary, RequestView};
pub use session::{Removal, SessionSummary, SessionView, TypeProgress};
pub use task::TaskView;

/// A resource type, or a companion type.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TypeView {
    /// The slug, unique within the app.
    pub slug: String,
    /// The display name.
    pub name: String,
    /// `account`, `group` or `license`; of a companion `membership` or `assignment`.
    pub kind: String,
}

/// One page of a longer list.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Listing<T> {
    /// How many there are in all.
    pub total: usize,
    /// How many stand before this page.
    pub offset: usize,
    /// The page.
    pub items: Vec<T>,
}

impl<T> Listing<T> {
    /// The page of `all` that begins at `offset`. Only what stands in it is turned into a view.
    pub(crate) fn of<I>(all: impl Iterator<Item = I>, offset: usize, limit: usize, view: impl Fn(I) -> T) -> Self {
        let mut all = all;
        let before = all.by_ref().take(offset).count();
        let items: Vec<_> = all.by_ref().take(limit).map(view).collect();
        let total = before + items.len() + all.count();
        Self { total, offset, items }
    }
}
