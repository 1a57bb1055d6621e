//! `#[bridge(…)]` on a resource and on its fields.

use syn::{Attribute, ExprPath, LitStr, Path, Type};

use super::protocol::{Kind, Protocol, Shape};
use crate::{
    attr::{Slot, walk},
    errors::Errors,
    paths::read_krate,
};

const ON_STRUCT: &[&str] = &["account", "group", "license", "slug", "name", "crate"];

const ON_FIELD: &[&str] = &[
    "id",
    "email",
    "username",
    "first_name",
    "last_name",
    "display_name",
    "status",
    "memberships",
    "assignments",
    "name",
    "description",
    "field",
    "with",
    "skip",
];

/// What stands on the struct.
pub(super) struct Container {
    pub(super) kind: Slot<Kind>,
    pub(super) slug: Slot<LitStr>,
    pub(super) name: Slot<LitStr>,
    pub(super) krate: Slot<Path>,
    /// Whether every entry was understood. If not, what seems to be missing may be what was misspelt.
    pub(super) clean: bool,
}

impl Container {
    pub(super) fn read(attrs: &[Attribute], errors: &mut Errors) -> Self {
        let mut this = Container {
            kind: Slot::for_one("a resource is one of `account`, `group` and `license`"),
            slug: Slot::new(),
            name: Slot::new(),
            krate: Slot::new(),
            clean: true,
        };
        this.clean = walk(attrs, errors, |entry, errors| {
            match entry.name().as_str() {
                "slug" => this.slug.set(entry, entry.text()?, errors),
                "name" => this.name.set(entry, entry.text()?, errors),
                "crate" => read_krate(entry, &mut this.krate, errors)?,
                key => {
                    let kind = Kind::of(key).ok_or_else(|| entry.unknown(ON_STRUCT))?;
                    entry.flag()?;
                    this.kind.set(entry, kind, errors);
                }
            }
            Ok(())
        });
        this
    }
}

/// `email`, or `memberships = Team`.
pub(super) struct Named {
    pub(super) protocol: &'static Protocol,
    pub(super) target: Option<Type>,
}

/// What stands on a field.
pub(super) struct FieldAttrs {
    /// `id`, alone or beside a text field of the protocol: a login name may be the id as well.
    pub(super) id: Slot<()>,
    pub(super) named: Slot<Named>,
    pub(super) field: Slot<LitStr>,
    pub(super) with: Slot<ExprPath>,
    pub(super) skip: Slot<()>,
    /// Whether every entry was understood.
    pub(super) clean: bool,
}

impl FieldAttrs {
    pub(super) fn read(attrs: &[Attribute], errors: &mut Errors) -> Self {
        let mut this = FieldAttrs {
            id: Slot::new(),
            named: Slot::for_one("a field of the struct is one field of the record"),
            field: Slot::new(),
            with: Slot::new(),
            skip: Slot::new(),
            clean: true,
        };
        this.clean = walk(attrs, errors, |entry, errors| {
            match entry.name().as_str() {
                "id" => {
                    entry.flag()?;
                    this.id.set(entry, (), errors);
                }
                "field" => this.field.set(entry, entry.text()?, errors),
                "with" => this.with.set(entry, entry.function()?, errors),
                "skip" => {
                    entry.flag()?;
                    this.skip.set(entry, (), errors);
                }
                key => {
                    let protocol = Protocol::named(key).ok_or_else(|| entry.unknown(ON_FIELD))?;
                    let is_edge = matches!(protocol.shape, Shape::Memberships | Shape::Assignments);
                    let target = if is_edge && entry.has_value() { Some(entry.ty()?) } else { None };
                    entry.flag()?;
                    this.named.set(entry, Named { protocol, target }, errors);
                }
            }
            Ok(())
        });
        this
    }
}
