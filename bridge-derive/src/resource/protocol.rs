//! The record fields of protocol.md section 5.

use proc_macro2::{Ident, Span};

/// What the records of a type are.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Account,
    Group,
    License,
}

impl Kind {
    pub(crate) fn of(key: &str) -> Option<Self> {
        Some(match key {
            "account" => Kind::Account,
            "group" => Kind::Group,
            "license" => Kind::License,
            _ => return None,
        })
    }

    /// The variant of the runtime's `Kind`, and the marker trait of the same name.
    pub(crate) fn ident(self) -> Ident {
        let name = match self {
            Kind::Account => "Account",
            Kind::Group => "Group",
            Kind::License => "License",
        };
        Ident::new(name, Span::call_site())
    }

    pub(crate) fn with_article(self) -> &'static str {
        match self {
            Kind::Account => "an account",
            Kind::Group => "a group",
            Kind::License => "a license",
        }
    }

    /// The fields that a record of this kind has.
    pub(crate) fn fields(self) -> impl Iterator<Item = &'static Protocol> {
        FIELDS.iter().filter(move |field| field.is_of(self))
    }

    pub(crate) fn field_names(self) -> Vec<&'static str> {
        self.fields().map(|field| field.name).collect()
    }
}

/// How the value of a field is written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    Id,
    Text,
    Status,
    Memberships,
    Assignments,
}

/// One field of the protocol.
pub(crate) struct Protocol {
    pub(crate) name: &'static str,
    pub(crate) shape: Shape,
    on_accounts: bool,
    on_others: bool,
}

impl Protocol {
    pub(crate) fn named(name: &str) -> Option<&'static Self> {
        FIELDS.iter().find(|field| field.name == name)
    }

    pub(crate) fn is_of(&self, kind: Kind) -> bool {
        if kind == Kind::Account { self.on_accounts } else { self.on_others }
    }

    /// "accounts", or "groups and licenses".
    pub(crate) fn owners(&self) -> &'static str {
        if self.on_accounts { "accounts" } else { "groups and licenses" }
    }
}

const fn field(name: &'static str, shape: Shape, on_accounts: bool, on_others: bool) -> Protocol {
    Protocol { name, shape, on_accounts, on_others }
}

const FIELDS: &[Protocol] = &[
    field("id", Shape::Id, true, true),
    field("email", Shape::Text, true, false),
    field("username", Shape::Text, true, false),
    field("first_name", Shape::Text, true, false),
    field("last_name", Shape::Text, true, false),
    field("display_name", Shape::Text, true, false),
    field("status", Shape::Status, true, false),
    field("memberships", Shape::Memberships, true, false),
    field("assignments", Shape::Assignments, true, false),
    field("name", Shape::Text, false, true),
    field("description", Shape::Text, false, true),
];
