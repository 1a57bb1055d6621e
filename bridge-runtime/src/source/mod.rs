#![doc = include_str!("paging.md")]

mod look_up;
mod lost;
mod offset;
mod out;
mod paged;
mod pages;
mod reading;
mod row;
mod session;
#[cfg(test)]
mod testing;

use std::future::Future;

use bridge_core::{Resource, SourceError};

pub(crate) use look_up::{Found, LookUp, look_up};
pub use out::{BlockingOut, Out, Pushing};
pub use pages::{Page, Pages};
pub(crate) use reading::{Ended, FullRead, Item, Reading};
pub use row::Row;
pub(crate) use session::ReadSession;

/// A system that records of type `R` are read from. Implement it once for each resource type.
///
/// A source pushes its records, and its `Ok(())` says: that was all of them. An error, a panic or a dropped future says
/// nothing of the kind, and the sync is abandoned. So it is where a push was dropped before it was done.
///
/// ```
/// use bridge_runtime::source::{Out, Source};
/// # use bridge_core::*;
/// # struct Team { id: String, name: String }
/// # impl BridgeResource for Team {
/// #     type Static = Team;
/// #     type Id = String;
/// #     const SLUG: &'static str = "team";
/// #     const NAME: &'static str = "Team";
/// #     const KIND: wire::Kind = wire::Kind::Group;
/// #     const EDGES: &'static [EdgeSchema] = &[];
/// #     fn id(&self) -> String { self.id.clone() }
/// #     fn write(&self, to: &mut RecordWriter) -> Result<(), FieldError> { to.text("name", &self.name) }
/// # }
/// struct Hr;
///
/// impl Source<Team> for Hr {
///     async fn read(&self, out: &Out<Team>) -> Result<(), SourceError> {
///         for line in std::fs::read_to_string("teams.txt")?.lines() {
///             out.push(Team { id: line.to_lowercase(), name: line.to_owned() }).await;
///         }
///         Ok(())
///     }
/// }
/// ```
///
/// The methods are native `async fn`s: an `#[async_trait]` on the `impl` does not fit (E0195).
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a source of `{R}`",
    label = "no source of `{R}`",
    note = "write `impl Source<{R}> for {Self}`: its `read` pushes every `{R}`"
)]
pub trait Source<R: Resource>: Send + Sync + 'static {
    /// Whether one read sees a single state of the system: one transaction, one file.
    const SNAPSHOT: bool = false;

    /// Whether ids that are equal but for case, blanks or Unicode's normal form are an error. Two systems seldom agree on
    /// such ids, and Iden may take them for one record (question P7 in reliability.md); by default they are logged.
    const DISTINCT_IDS: bool = false;

    /// Pushes every record to `out`. `Ok(())` says: that was all of them.
    ///
    /// # Errors
    /// Whatever kept it from reading to the end. The sync is abandoned, and nobody is removed.
    fn read(&self, out: &Out<R>) -> impl Future<Output = Result<(), SourceError>> + Send;

    /// The record as it is now; `None` only if the system says that it does not exist.
    ///
    /// Optional. It lets removals be verified one by one. The default says that this source cannot look up a record,
    /// which is never taken for "absent".
    ///
    /// # Errors
    /// Whatever kept it from finding out.
    fn find(&self, id: &R::Id) -> impl Future<Output = Result<Option<R>, SourceError>> + Send {
        let _ = id;
        async { Err(SourceError::no_find()) }
    }
}
