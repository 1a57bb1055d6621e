//! One row of a page that is counted.

use std::{fmt::Display, marker::PhantomData};

use bridge_core::{BridgeId, RecordOf, Resource, Unreadable};

use super::reading::Item;

/// A row of [`Out::offset_pages`](super::Out::offset_pages): a record, or one that cannot be read. Every record is a row
/// by itself (`From`), so a page is a `Vec<R>` unless some of its rows may fail.
///
/// Offsets count rows. One that cannot be mapped therefore stays in its page, as [`Row::unreadable`]: left out, it would
/// be missing in the count too, and a page of nothing else would look like the end.
#[derive(Debug)]
pub struct Row<R> {
    pub(super) item: Item,
    _resource: PhantomData<fn(R)>,
}

impl<R: Resource> Row<R> {
    /// A row that cannot be mapped: as [`Out::unreadable`](super::Out::unreadable).
    pub fn unreadable(id: impl Into<Option<R::Id>>, why: impl Display) -> Self {
        Row::new(Item::Unreadable(Unreadable::new(id.into().map(|id| id.to_wire()), why)))
    }
}

impl<R> Row<R> {
    fn new(item: Item) -> Self {
        Row { item, _resource: PhantomData }
    }

    pub(super) fn id(&self) -> Option<&str> {
        match &self.item {
            Item::Record(record) => Some(record.id()),
            Item::Unreadable(unreadable) => unreadable.id.as_deref(),
        }
    }
}

impl<R: Resource, T: RecordOf<R>> From<T> for Row<R> {
    fn from(record: T) -> Self {
        Row::new(Item::of(&record))
    }
}
