//! What is registered with Iden for one resource type.

use crate::{BridgeId, BridgeResource, Group, License, wire};

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
    is_id: fn(&str) -> bool,
}

impl EdgeSchema {
    /// An edge to the group `G`.
    #[must_use]
    pub const fn membership<G: Group>() -> Self {
        EdgeSchema { kind: EdgeKind::Membership, slug: G::SLUG, is_id: is_id_of::<G> }
    }

    /// An edge to the license `L`.
    #[must_use]
    pub const fn assignment<L: License>() -> Self {
        EdgeSchema { kind: EdgeKind::Assignment, slug: L::SLUG, is_id: is_id_of::<L> }
    }

    /// Whether `text` can be an id of the type that the edge points to.
    #[must_use]
    pub fn is_id(&self, text: &str) -> bool {
        (self.is_id)(text)
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
}

impl TypeSchema {
    /// The schema of `R`.
    #[must_use]
    pub const fn of<R: BridgeResource>() -> Self {
        TypeSchema { slug: R::SLUG, name: R::NAME, kind: R::KIND, edges: R::EDGES, fields: R::FIELDS }
    }

    /// The registration as it goes over the wire.
    #[must_use]
    pub fn registration(&self) -> wire::ResourceType {
        wire::ResourceType { slug: self.slug.to_owned(), name: self.name.to_owned(), kind: self.kind }
    }
}
