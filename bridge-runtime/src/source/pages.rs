//! Sources that come in pages.

use std::{
    collections::{HashSet, hash_map::RandomState},
    future::Future,
    hash::{BuildHasher, Hash},
    time::Duration,
};

use bridge_core::{SourceError, wire::text::printable};

use super::ReadSession;

/// How often one page is asked for.
const ATTEMPTS: u32 = 3;
/// How long to wait before a page is asked for again, where the system does not say.
const PAUSE: Duration = Duration::from_secs(1);
/// The longest wait that a system may ask for; a longer one is an error, not a pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(10 * 60);

/// One page of a source: records, and the cursor of the next page; `None` on the last.
#[derive(Debug)]
pub struct Page<T, C> {
    pub(super) records: Vec<T>,
    pub(super) next: Option<C>,
}

impl<T, C> Page<T, C> {
    /// A page of these records. An empty page with a next cursor is not the end.
    pub fn new(records: impl IntoIterator<Item = T>, next: Option<C>) -> Self {
        Page { records: records.into_iter().collect(), next }
    }
}

/// Walks from cursor to cursor and notices when one comes again: for loops that [`Out::pages`](super::Out::pages) and
/// [`Out::walk`](super::Out::walk) do not cover.
///
/// ```
/// use bridge_runtime::source::Pages;
///
/// # fn fetch(cursor: u32) -> (Vec<&'static str>, Option<u32>) { if cursor == 0 { (vec!["ann"], Some(1)) } else { (vec!["bob"], None) } }
/// let mut pages = Pages::starting(0);
/// let mut people = vec![];
/// while let Some(cursor) = pages.next() {
///     let (items, next) = fetch(cursor);
///     people.extend(items);
///     pages.turn(next)?;
/// }
/// assert_eq!(people, ["ann", "bob"]);
/// # Ok::<(), bridge_core::SourceError>(())
/// ```
#[derive(Debug)]
pub struct Pages<C> {
    at: Option<C>,
    // Hashes, so that a million cursors are a few megabytes, whatever they look like.
    seen: HashSet<u64>,
    hasher: RandomState,
}

impl<C: Clone + Hash> Pages<C> {
    /// Starts with this cursor.
    pub fn starting(first: C) -> Self {
        let hasher = RandomState::new();
        Pages { seen: HashSet::from([hasher.hash_one(&first)]), at: Some(first), hasher }
    }

    /// The cursor of the page to fetch now; `None` when the last page has been turned. A page that was not turned is
    /// fetched again: a loop that forgets to turn must not look like one that is at its end.
    // Not an iterator: between two calls the caller has to turn the page.
    #[allow(clippy::should_implement_trait)]
    pub fn next(&mut self) -> Option<C> {
        self.at.clone()
    }

    /// Goes on to the next page, or ends where there is none.
    ///
    /// # Errors
    /// The system gave this cursor before: following it would never end.
    pub fn turn(&mut self, next: Option<C>) -> Result<(), SourceError> {
        if let Some(next) = &next
            && !self.seen.insert(self.hasher.hash_one(next))
        {
            return Err(SourceError::new("the source gave the same page cursor twice: following it would never end"));
        }
        self.at = next;
        Ok(())
    }
}

/// Fetches one page, again if need be. A final error is returned at once.
pub(super) async fn fetch_page<P, F>(session: &ReadSession, mut fetch: impl FnMut() -> F) -> Result<P, SourceError>
where
    F: Future<Output = Result<P, SourceError>>,
{
    let mut attempt = 1;
    loop {
        let error = match fetch().await {
            Ok(page) => return Ok(page),
            Err(error) => error,
        };
        let pause = error.retry_after().unwrap_or(PAUSE * attempt);
        if attempt == ATTEMPTS || pause > LONGEST_PAUSE || error.is_final() {
            return Err(error);
        }
        let said = printable(&error.to_string(), 500);
        tracing::warn!(attempt, pause = ?pause, error = %said, "a page of the source could not be read; asking again");
        session.pause(pause).await;
        attempt += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_turned_last_page_is_the_end() {
        let mut pages = Pages::starting(7);
        assert_eq!((pages.next(), pages.next()), (Some(7), Some(7)));
        pages.turn(Some(8)).unwrap();
        assert_eq!(pages.next(), Some(8));
        assert!(pages.turn(Some(7)).is_err());
        pages.turn(None).unwrap();
        assert_eq!(pages.next(), None);
    }
}
