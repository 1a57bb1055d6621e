//! Where a source pushes its records.

use std::{
    fmt::Display,
    future::Future,
    marker::PhantomData,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bridge_core::{BridgeId, BridgeResource, Record, RecordOf, Resource, SourceError, Unreadable};
use tokio::{sync::mpsc, task};

use super::{lost::Lost, reading::Item, session::ReadSession};

/// Where a source pushes its records of type `R`.
///
/// Pushing waits while the pages before are on their way: whatever the size of the source, a few pages are in memory.
pub struct Out<R> {
    to: mpsc::Sender<Item>,
    pub(super) session: Arc<ReadSession>,
    pub(super) lost: Lost,
    _resource: PhantomData<fn(R)>,
}

impl<R: Resource> Out<R> {
    pub(crate) fn new(to: mpsc::Sender<Item>, session: Arc<ReadSession>) -> Self {
        Out { to, session, lost: Lost::default(), _resource: PhantomData }
    }

    pub(crate) fn lost(&self) -> Lost {
        self.lost.clone()
    }

    /// Sends a record on its way. A borrowed view will do: `out.push(EmployeeRow { … })` or `out.push(&employee)`.
    ///
    /// A record that cannot be sent (a field that does not map, an account with neither e-mail nor username) is taken
    /// as [unreadable](Out::unreadable); all others go on.
    // A future of a named type, which does not depend on the record's: with `async fn` here, pushing a wrong type is three
    // errors, not one.
    #[allow(clippy::needless_pass_by_value)] // by value, so that a source need not keep what it has pushed
    pub fn push(&self, record: impl RecordOf<R>) -> Pushing<'_> {
        self.send(Item::of(&record))
    }

    /// Says that there is a record which cannot be mapped: the person counts as present, is reported, and is never
    /// removed for it. All others are pushed. But a session that lacks somebody whom Iden may hold is not completed: it is
    /// held until the record is mended, and leavers stay until then.
    ///
    /// `why` is logged: leave secrets out of it.
    pub fn unreadable(&self, id: impl Into<Option<R::Id>>, why: impl Display) -> Pushing<'_> {
        self.send(unreadable::<R>(id.into(), &why))
    }

    pub(super) fn send(&self, item: Item) -> Pushing<'_> {
        // The other end closes only when the session is over; this read is cancelled then, at its next await.
        let send = Box::pin(async { drop(self.to.send(item).await) });
        Pushing { send, done: false, lost: &self.lost }
    }

    /// One value for the whole session, made once and shared by every type that is read in it: members that the
    /// external system lists on the group side, say. It is found by its type, and dropped at the session's end.
    ///
    /// # Errors
    /// Those of `init`.
    pub async fn shared<T, F>(&self, init: impl FnOnce() -> F) -> Result<Arc<T>, SourceError>
    where
        T: Send + Sync + 'static,
        F: Future<Output = Result<T, SourceError>>,
    {
        self.session.shared(init).await
    }

    /// Runs a blocking reader on a thread of its own. A panic there is a panic of the read, not its end.
    ///
    /// Dropped before it is done, or never awaited, the read has failed: nobody knows how the reader ended.
    ///
    /// # Errors
    /// Those of the reader.
    pub fn blocking(
        &self,
        read: impl FnOnce(&BlockingOut<R>) -> Result<(), SourceError> + Send + 'static,
    ) -> impl Future<Output = Result<(), SourceError>> {
        self.lost.unless_done(async move {
            let out = BlockingOut { to: self.to.clone(), _resource: PhantomData };
            match task::spawn_blocking(move || read(&out)).await {
                Ok(result) => result,
                Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
                Err(error) => Err(error.into()),
            }
        })
    }
}

/// A record on its way: see [`Out::push`].
#[must_use = "a record is pushed when this is awaited"]
pub struct Pushing<'a> {
    send: Pin<Box<dyn Future<Output = ()> + Send + 'a>>,
    done: bool,
    lost: &'a Lost,
}

impl Future for Pushing<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let polled = self.send.as_mut().poll(cx);
        self.done |= polled.is_ready();
        polled
    }
}

// Dropped by a `select!`, a time-out or a `let _ =`, the record would be missing, and its person be removed for it.
impl Drop for Pushing<'_> {
    fn drop(&mut self) {
        if !self.done {
            self.lost.set();
        }
    }
}

/// [`Out`] for a blocking reader: see [`Out::blocking`].
pub struct BlockingOut<R> {
    to: mpsc::Sender<Item>,
    _resource: PhantomData<fn(R)>,
}

impl<R: Resource> BlockingOut<R> {
    /// As [`Out::push`].
    ///
    /// # Errors
    /// The session has ended: pass it on with `?`, so that the thread ends too.
    #[allow(clippy::needless_pass_by_value)] // as there
    pub fn push(&self, record: impl RecordOf<R>) -> Result<(), SourceError> {
        self.send(Item::of(&record))
    }

    /// As [`Out::unreadable`].
    ///
    /// # Errors
    /// The session has ended: pass it on with `?`, so that the thread ends too.
    pub fn unreadable(&self, id: impl Into<Option<R::Id>>, why: impl Display) -> Result<(), SourceError> {
        self.send(unreadable::<R>(id.into(), &why))
    }

    fn send(&self, item: Item) -> Result<(), SourceError> {
        self.to.blocking_send(item).map_err(|_| SourceError::new("the sync session has ended"))
    }
}

impl Item {
    pub(super) fn of(record: &impl BridgeResource) -> Self {
        Record::of(record).map_or_else(Item::Unreadable, Item::Record)
    }
}

fn unreadable<R: Resource>(id: Option<R::Id>, why: &dyn Display) -> Item {
    Item::Unreadable(Unreadable::new(id.map(|id| id.to_wire()), why))
}
