//! Reading page by page.

use std::{future::Future, hash::Hash};

use bridge_core::{Resource, SourceError};

use super::{
    Out, Row,
    offset::OffsetWalk,
    pages::{Page, Pages, fetch_page},
};

impl<R: Resource> Out<R> {
    /// Reads page by page: `fetch` gets a cursor and answers with the records and the next cursor, `None` at the end.
    ///
    /// A page that cannot be had is asked for again, three times in all, and later if the system says so. After a
    /// [final](SourceError::fail) error it is not.
    ///
    /// Dropped before it is done, as by a time-out around it, the read has failed: pages are missing.
    ///
    /// # Errors
    /// The last error of `fetch`; a cursor that the system gave before, which would never end.
    pub fn pages<C, F>(&self, first: C, fetch: impl FnMut(C) -> F) -> impl Future<Output = Result<(), SourceError>>
    where
        C: Clone + Hash,
        F: Future<Output = Result<Page<R, C>, SourceError>>,
    {
        self.walk(first, fetch, move |record| async move {
            self.push(record).await;
            Ok(())
        })
    }

    /// Walks over pages of something that is no record of this source, and does `each` for every item in turn: for
    /// nested pages, the people of each department say.
    ///
    /// Pages are asked for again as by [`pages`](Out::pages); what `each` does is not repeated. Every walk inside has
    /// its own cursors, and an error there ends this walk too.
    ///
    /// Dropped before it is done, or never awaited, the read has failed: pages are missing.
    ///
    /// # Errors
    /// The last error of `fetch`; an error of `each`; a cursor that the system gave before, which would never end.
    pub fn walk<T, C, F, E>(
        &self,
        first: C,
        mut fetch: impl FnMut(C) -> F,
        mut each: impl FnMut(T) -> E,
    ) -> impl Future<Output = Result<(), SourceError>>
    where
        C: Clone + Hash,
        F: Future<Output = Result<Page<T, C>, SourceError>>,
        E: Future<Output = Result<(), SourceError>>,
    {
        self.lost.unless_done(async move {
            let mut pages = Pages::starting(first);
            while let Some(cursor) = pages.next() {
                let page = fetch_page(&self.session, || fetch(cursor.clone())).await?;
                for item in page.records {
                    each(item).await?;
                }
                pages.turn(page.next)?;
            }
            Ok(())
        })
    }

    /// Reads a list by offset and limit: `fetch` gets both and answers with the rows. See
    /// [there](super#by-offset-and-limit) for an example, and for what the list must be like.
    ///
    /// `limit` is how many rows to ask for, 2 at least; a system that gives fewer is let have its way. A short page is not
    /// the end: that is an empty page, asked for behind the last row. Pages overlap, and are asked for again, as by
    /// [`pages`](Out::pages), if they cannot be had.
    ///
    /// Dropped before it is done, or never awaited, the read has failed: pages are missing.
    ///
    /// # Errors
    /// The last error of `fetch`; a list that cannot be read so without skipping rows, or that never ends: it moved by
    /// pages between two requests, changed its order, gave an id twice in one page, or brought nothing new 16 times in a
    /// row, as where the offset is ignored. A `limit` below 2.
    pub fn offset_pages<T, F>(
        &self,
        limit: usize,
        mut fetch: impl FnMut(usize, usize) -> F,
    ) -> impl Future<Output = Result<(), SourceError>>
    where
        T: Into<Row<R>>,
        F: Future<Output = Result<Vec<T>, SourceError>>,
    {
        self.lost.unless_done(async move {
            let mut walk = OffsetWalk::new(limit)?;
            while let Some(offset) = walk.next() {
                let rows = fetch_page(&self.session, || fetch(offset, limit)).await?;
                let rows = rows.into_iter().map(Into::into).collect();
                for row in walk.turn::<R>(rows)? {
                    self.send(row.item).await;
                }
            }
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::Mutex, time::Duration};

    use super::*;
    use crate::source::{
        Source,
        testing::{Team, read},
    };

    /// Departments by pages of one, and the teams of each by pages of one.
    struct Nested {
        departments: u32,
        /// How the walk through a department goes wrong.
        inner: Inner,
        failures: Mutex<u32>,
    }

    enum Inner {
        Well,
        CursorAgain,
        TimedOut,
        NeverAwaited,
    }

    impl Nested {
        fn new(departments: u32, inner: Inner) -> Self {
            Nested { departments, inner, failures: Mutex::new(0) }
        }

        async fn departments(&self, cursor: u32) -> Result<Page<u32, u32>, SourceError> {
            let mut failures = self.failures.lock().unwrap();
            if *failures > 0 {
                *failures -= 1;
                return Err(SourceError::new("connection reset"));
            }
            Ok(Page::new([cursor * 10], (cursor + 1 < self.departments).then_some(cursor + 1)))
        }

        async fn teams(&self, department: u32, cursor: u32) -> Result<Page<Team, u32>, SourceError> {
            let next = match self.inner {
                Inner::CursorAgain if department == 10 => Some(cursor ^ 1),
                Inner::TimedOut if department == 10 && cursor == 1 => std::future::pending().await,
                _ => (cursor < 2).then_some(cursor + 1),
            };
            Ok(Page::new([Team(department + cursor)], next))
        }
    }

    impl Source<Team> for Nested {
        async fn read(&self, out: &Out<Team>) -> Result<(), SourceError> {
            out.walk(
                0,
                |cursor| self.departments(cursor),
                |department| async move {
                    let teams = out.pages(0, |cursor| self.teams(department, cursor));
                    match self.inner {
                        Inner::TimedOut => tokio::time::timeout(Duration::from_secs(5), teams).await.unwrap_or(Ok(())),
                        Inner::NeverAwaited => Ok(()),
                        _ => teams.await,
                    }
                },
            )
            .await
        }
    }

    #[tokio::test]
    async fn each_walk_inside_has_its_own_cursors() {
        let (ids, end) = read(&Nested::new(3, Inner::Well)).await;
        assert_eq!((ids, end), (vec![0, 1, 2, 10, 11, 12, 20, 21, 22], Ok(())));

        let (ids, end) = read(&Nested::new(3, Inner::CursorAgain)).await;
        assert_eq!(ids, [0, 1, 2, 10, 11]);
        assert!(end.unwrap_err().contains("the same page cursor twice"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_page_of_the_outer_walk_is_asked_for_again() {
        let nested = Nested::new(2, Inner::Well);
        *nested.failures.lock().unwrap() = 2;
        assert_eq!(read(&nested).await, (vec![0, 1, 2, 10, 11, 12], Ok(())));

        *nested.failures.lock().unwrap() = 3;
        assert_eq!(read(&nested).await, (vec![], Err("connection reset".to_owned())));
    }

    #[tokio::test(start_paused = true)]
    async fn a_page_that_failed_with_a_final_error_is_requested_once() {
        struct Refused(Mutex<u32>);
        impl Source<Team> for Refused {
            async fn read(&self, out: &Out<Team>) -> Result<(), SourceError> {
                out.pages(0, |_: u32| async {
                    *self.0.lock().unwrap() += 1;
                    Err(SourceError::from(std::io::Error::other("403")).into_final())
                })
                .await
            }
        }
        let refused = Refused(Mutex::new(0));
        assert_eq!(read(&refused).await, (vec![], Err("403".to_owned())));
        assert_eq!(*refused.0.lock().unwrap(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_walk_that_is_given_up_is_not_the_end() {
        for inner in [Inner::TimedOut, Inner::NeverAwaited] {
            let (_, end) = read(&Nested::new(3, inner)).await;
            assert!(end.unwrap_err().contains("or a read of pages was, so records are missing"));
        }
    }
}
