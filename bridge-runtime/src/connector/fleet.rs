//! Several apps in one process: a parent, and clones that share its types.

use std::collections::BTreeMap;

use super::{BuildError, Builder, ConnectorError, Member};

/// A fixed set of apps in one process: one parent and its clones, for regions, business units, or staging beside
/// production. Each app has its own system, its own state and its own sessions; the clones share the parent's types
/// (protocol.md section 2).
///
/// A single connector is a fleet of one.
pub struct Fleet {
    members: Vec<Box<dyn Member>>,
}

impl Fleet {
    /// Starts a fleet with its parent.
    pub fn of<S: Send + Sync + 'static>(parent: Builder<S>) -> FleetBuilder {
        FleetBuilder { members: Vec::new(), errors: Vec::new() }.with_clone(parent)
    }

    /// The parent, then the clones.
    #[must_use]
    pub fn members(&self) -> &[Box<dyn Member>] {
        &self.members
    }

    /// The parent, then the clones, to attach.
    #[must_use]
    pub fn into_members(self) -> Vec<Box<dyn Member>> {
        self.members
    }

    /// The members that a command is about: all of them, or the one that is named.
    #[cfg(feature = "cli")]
    pub(crate) fn wanted(&self, only: Option<&str>) -> Result<Vec<&dyn Member>, ConnectorError> {
        let wanted: Vec<_> = self.members.iter().map(AsRef::as_ref).filter(|member| is_wanted(*member, only)).collect();
        match only {
            Some(only) if wanted.is_empty() => {
                let names: Vec<_> = self.members.iter().map(|member| format!("`{}`", member.name())).collect();
                Err(ConnectorError::Configuration(format!("there is no app `{only}` here, but {}", names.join(", "))))
            }
            _ => Ok(wanted),
        }
    }

    /// The fleet of these members alone.
    #[cfg(feature = "cli")]
    pub(crate) fn only(mut self, only: Option<&str>) -> Result<Self, ConnectorError> {
        self.wanted(only)?;
        self.members.retain(|member| is_wanted(member.as_ref(), only));
        Ok(self)
    }
}

#[cfg(feature = "cli")]
fn is_wanted(member: &dyn Member, only: Option<&str>) -> bool {
    only.is_none_or(|only| only == member.name())
}

impl std::fmt::Debug for Fleet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.members.iter().map(|member| member.name())).finish()
    }
}

/// Collects the apps of a [`Fleet`].
#[must_use = "a fleet does nothing until `main` or `build`"]
pub struct FleetBuilder {
    members: Vec<Box<dyn Member>>,
    errors: Vec<BuildError>,
}

impl FleetBuilder {
    /// Adds a clone of the parent.
    pub fn with_clone<S: Send + Sync + 'static>(mut self, clone: Builder<S>) -> Self {
        match clone.build() {
            Ok(clone) => self.members.push(Box::new(clone)),
            Err(error) => self.errors.push(error),
        }
        self
    }

    #[cfg(feature = "cli")]
    pub(crate) fn names(&self) -> Vec<&str> {
        self.members.iter().map(|member| member.name()).collect()
    }

    /// The version of the program: that of its first app that says one.
    #[cfg(feature = "cli")]
    pub(crate) fn version(&self) -> Option<&'static str> {
        self.members.iter().find_map(|member| member.version())
    }

    /// Checks every member, and that the clones fit their parent.
    ///
    /// # Errors
    /// Every member that does not fit together, with all its problems; a clone with a type that its parent does not have.
    pub fn build(self) -> Result<Fleet, ConnectorError> {
        if !self.errors.is_empty() {
            return Err(ConnectorError::Build(self.errors));
        }
        let (parent, clones) = self.members.split_first().expect("a fleet starts with its parent");
        let of_parent: BTreeMap<_, _> = parent.types().iter().map(|schema| (schema.slug, schema.kind)).collect();
        for clone in clones {
            let of_clone: BTreeMap<_, _> = clone.types().iter().map(|schema| (schema.slug, schema.kind)).collect();
            if let Some((slug, _)) = of_clone.iter().find(|(slug, kind)| of_parent.get(*slug) != Some(kind)) {
                let (name, parent) = (clone.name().to_owned(), parent.name().to_owned());
                return Err(ConnectorError::CloneTypes { name, parent, slug: (*slug).to_owned() });
            }
            // A type that the clone leaves out is refused when its first session shows it.
            if clone.name() == parent.name() {
                return Err(ConnectorError::Configuration(format!(
                    "two apps of the fleet are called `{}`",
                    clone.name()
                )));
            }
        }
        Ok(Fleet { members: self.members })
    }
}
