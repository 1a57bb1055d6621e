//! What is registered with Iden for one resource type.

use std::any::TypeId;

use crate::{
    BridgeId, BridgeResource, Group, License,
    const_text::{Text, same},
    id::is_visible,
    wire,
};

/// Where an edge of an account points: to groups or to licenses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EdgeKind {
    /// Account to group: `memberships` on the wire (protocol.md section 5).
    Membership,
    /// Account to license: `assignments` on the wire (protocol.md section 5).
    Assignment,
}

impl EdgeKind {
    /// The record field that carries edges of this kind.
    #[must_use]
    pub const fn field(self) -> &'static str {
        match self {
            EdgeKind::Membership => "memberships",
            EdgeKind::Assignment => "assignments",
        }
    }
}

/// One kind of edge that an account type declares, with the type it points to.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct EdgeSchema {
    /// Membership or assignment.
    pub kind: EdgeKind,
    /// The slug of the group or license type.
    pub slug: &'static str,
    target: TypeId,
    is_id: fn(&str) -> bool,
}

impl EdgeSchema {
    /// An edge to the group `G`.
    #[must_use]
    pub const fn membership<G: Group>() -> Self {
        EdgeSchema { kind: EdgeKind::Membership, slug: G::SLUG, target: TypeId::of::<G>(), is_id: is_id_of::<G> }
    }

    /// An edge to the license `L`.
    #[must_use]
    pub const fn assignment<L: License>() -> Self {
        EdgeSchema { kind: EdgeKind::Assignment, slug: L::SLUG, target: TypeId::of::<L>(), is_id: is_id_of::<L> }
    }

    /// Whether `text` can be an id of the type that the edge points to.
    #[must_use]
    pub fn is_id(&self, text: &str) -> bool {
        is_visible(text) && (self.is_id)(text)
    }

    /// The Rust type that the edge points to.
    #[doc(hidden)]
    #[must_use]
    pub fn target(&self) -> TypeId {
        self.target
    }
}

/// Fails to compile where an earlier edge of the same kind has the slug of the one `at`: both would be sent under one key.
#[doc(hidden)]
#[track_caller]
pub const fn assert_distinct_targets(edges: &[EdgeSchema], at: usize) {
    let this = &edges[at];
    let mut earlier = 0;
    while earlier < at {
        let other = &edges[earlier];
        if same(other.kind.field(), this.kind.field()) && same(other.slug, this.slug) {
            let text = Text::new().add("two of the ").add(this.kind.field()).add(" point to types with the slug `");
            let text = text.add(this.slug).add("`: give one of the types another slug, `#[bridge(slug = \"…\")]`");
            panic!("{}", text.as_str());
        }
        earlier += 1;
    }
}

fn is_id_of<R: BridgeResource>(text: &str) -> bool {
    R::Id::from_wire(text).is_some()
}

/// A resource type as the connector declares it: what is registered, and where its edges point.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct TypeSchema {
    /// The slug, unique within the app (protocol.md section 3).
    pub slug: &'static str,
    /// The display name.
    pub name: &'static str,
    /// Account, group or license.
    pub kind: wire::Kind,
    /// The memberships and assignments that records of this type carry.
    pub edges: &'static [EdgeSchema],
    /// The names on the wire of the other mapped fields, the id first; empty where an impl by hand does not say.
    pub fields: &'static [&'static str],
    rust_type: TypeId,
}

impl TypeSchema {
    /// The schema of `R`.
    #[must_use]
    pub const fn of<R: BridgeResource>() -> Self {
        TypeSchema {
            slug: R::SLUG,
            name: R::NAME,
            kind: R::KIND,
            edges: R::EDGES,
            fields: R::FIELDS,
            rust_type: TypeId::of::<R::Static>(),
        }
    }

    /// The Rust type that it was made of.
    #[doc(hidden)]
    #[must_use]
    pub fn rust_type(&self) -> TypeId {
        self.rust_type
    }

    /// The registration as it goes over the wire.
    #[must_use]
    pub fn registration(&self) -> wire::ResourceType {
        wire::ResourceType { slug: self.slug.to_owned(), name: self.name.to_owned(), kind: self.kind }
    }
}
