//! The traits that `#[derive(BridgeResource)]` implements.

use crate::{BridgeId, EdgeSchema, FieldError, RecordWriter, wire::Kind};

/// A type whose values are records of one Bridge resource type.
///
/// Derive it. The derive writes the registration (slug, name, kind) and the way from a value to the bytes of a page.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a Bridge resource",
    label = "not a resource",
    note = "add `#[derive(BridgeResource)]` and `#[bridge(account)]`, `#[bridge(group)]` or `#[bridge(license)]` to `{Self}`"
)]
pub trait BridgeResource {
    /// This type with every lifetime `'static`: its name in `Source<R>`, in payloads and in the builder.
    type Static: BridgeResource<Static = Self::Static, Id = Self::Id> + 'static;
    /// The type of the record's id.
    type Id: BridgeId;
    /// The slug, unique within the app (protocol.md section 3).
    const SLUG: &'static str;
    /// The display name (protocol.md section 3).
    const NAME: &'static str;
    /// Account, group or license.
    const KIND: Kind;
    /// The groups and licenses that records of this type point to.
    const EDGES: &'static [EdgeSchema];
    /// The names on the wire of the other mapped fields, the id first; empty in an impl by hand that does not say.
    const FIELDS: &'static [&'static str] = &[];

    /// The id of this record in the external system.
    fn id(&self) -> Self::Id;

    /// Writes every mapped field but the id.
    ///
    /// # Errors
    /// A field that cannot be sent; the record is then unreadable, and the person it stands for counts as present.
    fn write(&self, record: &mut RecordWriter) -> Result<(), FieldError>;
}

/// What every field of a derived resource is: a record is made on one thread, and may be pushed on another.
#[diagnostic::on_unimplemented(
    message = "`{Self}` stays on one thread, and a record must not",
    label = "not `Send + Sync`",
    note = "a source may run on any thread: use `Arc` in place of `Rc`, `Mutex` in place of `RefCell`, or a plain value"
)]
#[doc(hidden)]
pub trait ThreadSafe {}

#[diagnostic::do_not_recommend]
impl<T: Send + Sync + ?Sized> ThreadSafe for T {}

/// Compiles where `T` may go to another thread.
#[doc(hidden)]
pub const fn assert_thread_safe<T: ThreadSafe + ?Sized>() {}

impl<T: BridgeResource> BridgeResource for &T {
    type Static = T::Static;
    type Id = T::Id;
    const SLUG: &'static str = T::SLUG;
    const NAME: &'static str = T::NAME;
    const KIND: Kind = T::KIND;
    const EDGES: &'static [EdgeSchema] = T::EDGES;
    const FIELDS: &'static [&'static str] = T::FIELDS;

    fn id(&self) -> T::Id {
        T::id(self)
    }

    fn write(&self, record: &mut RecordWriter) -> Result<(), FieldError> {
        T::write(self, record)
    }
}

/// A resource type by its name: owned and `'static`.
///
/// Every derived type is one; of a borrowed view `Row<'a>` it is `Row<'static>`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a Bridge resource",
    label = "not a resource",
    note = "add `#[derive(BridgeResource)]` and `#[bridge(account)]`, `#[bridge(group)]` or `#[bridge(license)]` to `{Self}`"
)]
pub trait Resource: BridgeResource<Static = Self> + Sized + 'static {}

#[diagnostic::do_not_recommend]
impl<R: BridgeResource<Static = R> + 'static> Resource for R {}

/// A record of type `R`: an `R` itself, a reference to one, or a borrowed view of one.
#[diagnostic::on_unimplemented(
    message = "a source of `{R}` cannot push a `{Self}`",
    label = "no `{R}`",
    note = "push an `{R}`, a reference to one, or a view whose `Static` is `{R}`"
)]
pub trait RecordOf<R>: BridgeResource {}

#[diagnostic::do_not_recommend]
impl<R: Resource, T: BridgeResource<Static = R>> RecordOf<R> for T {}

/// A resource type that stands for accounts: `#[bridge(account)]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an account type",
    label = "tasks are about accounts",
    note = "mark `{Self}` with `#[bridge(account)]`, or name a type that is marked so"
)]
pub trait Account: Resource {}

/// A resource type that stands for groups: `#[bridge(group)]`.
#[diagnostic::on_unimplemented(
    message = "a membership points to a group, but `{Self}` is not one",
    label = "not a group type",
    note = "mark `{Self}` with `#[bridge(group)]`, or point the membership at a type that is marked so"
)]
pub trait Group: Resource {}

/// A resource type that stands for licenses: `#[bridge(license)]`.
#[diagnostic::on_unimplemented(
    message = "an assignment points to a license, but `{Self}` is not one",
    label = "not a license type",
    note = "mark `{Self}` with `#[bridge(license)]`, or point the assignment at a type that is marked so"
)]
pub trait License: Resource {}

/// An account type that declares memberships in `G`.
// No bound on `G`: the one place that judges it is the derive's list of edges, so a mistake is reported once.
#[diagnostic::on_unimplemented(
    message = "`{Self}` declares no memberships in `{G}`",
    label = "no membership field of `{Self}` points to `{G}`",
    note = "add a field `#[bridge(memberships)]` of type `Vec<Ref<{G}>>` to `{Self}`"
)]
pub trait MemberOf<G> {}

/// An account type that declares assignments of `L`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` declares no assignments of `{L}`",
    label = "no assignment field of `{Self}` points to `{L}`",
    note = "add a field `#[bridge(assignments)]` of type `Vec<Ref<{L}>>` to `{Self}`"
)]
pub trait AssignedTo<L> {}
