use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Scope;
use crate::changes::Topic;
use crate::error::Refusal;
use crate::view::TypeView;

/// What the records of a type are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Kind {
    Account,
    Group,
    License,
}

impl Kind {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        [Kind::Account, Kind::Group, Kind::License].into_iter().find(|kind| kind.name() == text)
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Kind::Account => "account",
            Kind::Group => "group",
            Kind::License => "license",
        }
    }

    /// The field of an account that refers to types of this kind, and the kind of their companions.
    pub(crate) fn link(self) -> Option<(&'static str, &'static str)> {
        match self {
            Kind::Account => None,
            Kind::Group => Some(("memberships", "membership")),
            Kind::License => Some(("assignments", "assignment")),
        }
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct ResourceType {
    pub(crate) slug: String,
    pub(crate) name: String,
    pub(crate) kind: Kind,
}

impl ResourceType {
    pub(crate) fn json(&self) -> Value {
        json!({ "slug": self.slug, "name": self.name, "type": self.kind.name() })
    }

    pub(crate) fn view(&self) -> TypeView {
        TypeView { slug: self.slug.clone(), name: self.name.clone(), kind: self.kind.name().to_owned() }
    }

    /// The type that Iden makes beside this one to track who belongs to its records.
    fn companion(&self) -> Option<TypeView> {
        let (field, kind) = self.kind.link()?;
        Some(TypeView {
            slug: companion_slug(&self.slug, field),
            name: format!("{} {field}", self.name),
            kind: kind.to_owned(),
        })
    }
}

/// How Iden names its companion types is not documented.
pub(crate) fn companion_slug(slug: &str, field: &str) -> String {
    format!("{slug}_{field}")
}

/// The type definitions of an app and of all its clones, in the order of registration.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Catalog {
    types: Vec<ResourceType>,
}

impl Catalog {
    /// Adds a type, with its companion. 409 where one of the two slugs is taken.
    fn register(&mut self, slug: &str, name: &str, kind: Kind) -> Result<&ResourceType, Refusal> {
        let new = ResourceType { slug: slug.to_owned(), name: name.to_owned(), kind };
        let companion = new.companion().map(|companion| companion.slug);
        for wanted in std::iter::once(slug).chain(companion.as_deref()) {
            if self.get(wanted).is_some() {
                return Err(Refusal::conflict(format!(
                    "a resource type with the slug `{wanted}` is registered already"
                )));
            }
            if self.companion(wanted).is_some() {
                return Err(Refusal::conflict(format!("the slug `{wanted}` is taken by a companion type")));
            }
        }
        Ok(self.types.push_mut(new))
    }

    fn rename(&mut self, slug: &str, name: &str) -> Result<&ResourceType, Refusal> {
        match self.types.iter_mut().find(|known| known.slug == slug) {
            None => Err(not_found(slug)),
            Some(known) => {
                name.clone_into(&mut known.name);
                Ok(known)
            }
        }
    }

    pub(crate) fn get(&self, slug: &str) -> Option<&ResourceType> {
        self.types.iter().find(|known| known.slug == slug)
    }

    /// The kind of a type that a connector may push to.
    pub(crate) fn pushable(&self, slug: &str) -> Result<Kind, Refusal> {
        match self.get(slug) {
            Some(known) => Ok(known.kind),
            None if self.companion(slug).is_some() => Err(Refusal::bad_request(format!(
                "`{slug}` is a companion type: Iden fills it from the accounts' links, nothing is pushed to it"
            ))),
            None => Err(not_found(slug)),
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &ResourceType> {
        self.types.iter()
    }

    pub(crate) fn companions(&self) -> impl Iterator<Item = TypeView> {
        self.types.iter().filter_map(ResourceType::companion)
    }

    fn companion(&self, slug: &str) -> Option<TypeView> {
        self.companions().find(|companion| companion.slug == slug)
    }
}

impl Scope<'_> {
    pub(crate) fn register(&mut self, slug: &str, name: &str, kind: Kind) -> Result<&ResourceType, Refusal> {
        self.touched.app(self.app.id, Topic::Types);
        self.types.register(slug, name, kind)
    }

    pub(crate) fn rename(&mut self, slug: &str, name: &str) -> Result<&ResourceType, Refusal> {
        self.touched.app(self.app.id, Topic::Types);
        self.types.rename(slug, name)
    }
}

fn not_found(slug: &str) -> Refusal {
    Refusal::not_found(format!("resource type not found: `{slug}`"))
}
