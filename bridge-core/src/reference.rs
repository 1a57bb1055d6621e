//! References from an account to a group or a license.

use std::{
    cmp::Ordering,
    fmt,
    hash::{Hash, Hasher},
};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{BridgeId, Resource};

/// The id of a `T`: what an account holds of its groups and licenses.
///
/// The slug on the wire comes from `T`, so a membership in a type that does not exist cannot be written down.
///
/// The common traits are implemented by hand, since `T` itself need not have them. In JSON and other serde formats a
/// `Ref` is its id.
pub struct Ref<T: Resource>(T::Id);

/// What [`Ref::new`] takes: everything that is `Into` the id.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not convert into the id `{Id}`",
    label = "expected `{Id}`",
    note = "a number literal is an `i32` unless it says otherwise: write its type behind it, as in `Ref::new(3_u32)`"
)]
pub trait IntoId<Id> {
    /// The id.
    fn into_id(self) -> Id;
}

#[diagnostic::do_not_recommend]
impl<Id, T: Into<Id>> IntoId<Id> for T {
    fn into_id(self) -> Id {
        self.into()
    }
}

impl<T: Resource> Ref<T> {
    /// A reference to the `T` with this id.
    ///
    /// `id` is the id itself, or whatever converts into it: `Ref::new("red")` for a `String`. A number literal needs its type,
    /// unless the id is an `i32`: `Ref::new(3_u32)`.
    pub fn new(id: impl IntoId<T::Id>) -> Self {
        Ref(id.into_id())
    }

    /// The id.
    pub fn id(&self) -> &T::Id {
        &self.0
    }

    /// The reference whose id is written as `text`, if there is one.
    #[must_use]
    pub fn from_wire(text: &str) -> Option<Self> {
        T::Id::from_wire(text).map(Ref)
    }
}

impl<T: Resource> Clone for Ref<T> {
    fn clone(&self) -> Self {
        Ref(self.0.duplicate())
    }
}

impl<T: Resource> fmt::Debug for Ref<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", T::SLUG, self.0.to_wire())
    }
}

// Equality by text is equality by id: ids are read back as they were written.
impl<T: Resource> PartialEq for Ref<T> {
    fn eq(&self, other: &Self) -> bool {
        self.0.to_wire() == other.0.to_wire()
    }
}

impl<T: Resource> Eq for Ref<T> {}

impl<T: Resource> Hash for Ref<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.to_wire().hash(state);
    }
}

impl<T: Resource> PartialOrd for Ref<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T: Resource> Ord for Ref<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.to_wire().cmp(&other.0.to_wire())
    }
}

impl<T: Resource> Serialize for Ref<T>
where
    T::Id: Serialize,
{
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de, T: Resource> Deserialize<'de> for Ref<T>
where
    T::Id: Deserialize<'de>,
{
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::Id::deserialize(deserializer).map(Ref)
    }
}
