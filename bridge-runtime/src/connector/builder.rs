//! Putting a connector together.

use std::{
    any::TypeId,
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use bridge_core::{EdgeKind, Resource, TypeSchema, wire::Kind};

use super::{
    Connector,
    member::{Opener, SettingsCheck},
};
use crate::{
    source::{Reading, Source, look_up},
    sync::{Limits, LimitsProblem, TypeReader},
    tasks::{AT_ONCE, Route, Tasks, WINDOW},
};

/// Collects the types and handlers of a connector.
#[must_use = "a builder does nothing until `main` or `build`"]
pub struct Builder<S> {
    name: String,
    version: Option<&'static str>,
    readers: Vec<TypeReader<S>>,
    limits: BTreeMap<&'static str, Limits>,
    /// The Rust types that have limits.
    limited: Vec<(&'static str, TypeId)>,
    tasks: Tasks<S>,
    at_once: usize,
    window: usize,
    open: Opener<S>,
    check_settings: SettingsCheck,
    #[cfg(feature = "dev")]
    rehearsal: Option<crate::dev::Rehearse>,
}

impl<S: Send + Sync + 'static> Builder<S> {
    pub(super) fn new(name: String, open: Opener<S>, check_settings: SettingsCheck) -> Self {
        Builder {
            name,
            version: None,
            readers: Vec::new(),
            limits: BTreeMap::new(),
            limited: Vec::new(),
            tasks: Tasks::of([]),
            at_once: AT_ONCE,
            window: WINDOW,
            open,
            check_settings,
            #[cfg(feature = "dev")]
            rehearsal: None,
        }
    }

    /// Adds a resource type. The system has to be a source of it.
    pub fn resource<R: Resource>(mut self) -> Self
    where
        S: Source<R>,
    {
        self.readers.push(TypeReader {
            schema: TypeSchema::of::<R>(),
            snapshot: S::SNAPSHOT,
            distinct_ids: S::DISTINCT_IDS,
            read: Reading::start::<S, R>,
            find: look_up::<S, R>,
        });
        self
    }

    /// How much of a type one sync may take away unseen, where that should differ from what is [usual](Limits::of) for
    /// its kind: `.limits::<Employee>(|usual| usual.max_removed(20).protected(["admin"]))`. The configuration file may say
    /// otherwise.
    pub fn limits<R: Resource>(mut self, set: impl FnOnce(Limits) -> Limits) -> Self {
        let usual = self.limits.remove(R::SLUG).unwrap_or_else(|| Limits::of(R::KIND));
        self.limits.insert(R::SLUG, set(usual));
        self.limited.push((R::SLUG, TypeId::of::<R>()));
        self
    }

    /// Adds handlers: `tasks![…]`. Without any, the connector does not poll.
    pub fn tasks(mut self, tasks: Tasks<S>) -> Self {
        self.tasks = self.tasks.and(tasks);
        self
    }

    /// The version of your program, for `--version`: `.version(env!("CARGO_PKG_VERSION"))`.
    pub fn version(mut self, version: &'static str) -> Self {
        self.version = Some(version);
        self
    }

    /// How many pending tasks are held in memory, for tests of what happens if there are more.
    #[doc(hidden)]
    pub fn tasks_in_memory(mut self, tasks: usize) -> Self {
        self.window = tasks;
        self
    }

    /// How many handlers may run at once, each about another account: 1 to 64. It is 8 where nothing is said; a system that
    /// cannot take that many calls wants fewer.
    pub fn handlers_at_once(mut self, handlers: usize) -> Self {
        self.at_once = handlers;
        self
    }

    /// Which tasks the `dev` command queues in its sandbox, to show the handlers at work. They change the system that
    /// `open` opens, for real.
    #[cfg(feature = "dev")]
    pub fn rehearsal(mut self, rehearse: crate::dev::Rehearse) -> Self {
        self.rehearsal = Some(rehearse);
        self
    }

    /// Checks everything at once.
    ///
    /// # Errors
    /// All problems, one line each.
    pub fn build(self) -> Result<Connector<S>, BuildError> {
        let problems = self.problems();
        if !problems.is_empty() {
            return Err(BuildError { name: self.name, problems });
        }
        let own = |schema: TypeSchema| (schema.slug, Limits::of(schema.kind));
        let mut limits: BTreeMap<_, _> = self.readers.iter().map(|reader| own(reader.schema)).collect();
        limits.extend(self.limits);
        Ok(Connector {
            name: self.name,
            version: self.version,
            limits,
            readers: self.readers,
            tasks: self.tasks,
            at_once: self.at_once,
            window: self.window,
            open: self.open,
            check_settings: self.check_settings,
            #[cfg(feature = "dev")]
            rehearsal: self.rehearsal,
        })
    }

    fn problems(&self) -> Vec<BuildProblem> {
        let mut problems = Vec::new();
        if !(1..=255).contains(&self.name.chars().count()) {
            problems.push(BuildProblem::Name);
        }
        if self.readers.is_empty() {
            problems.push(BuildProblem::NoResource);
        }
        self.check_types(&mut problems);
        self.check_limits(&mut problems);
        if !(1..=64).contains(&self.at_once) {
            problems.push(BuildProblem::AtOnce { handlers: self.at_once });
        }
        self.check_routes(&mut problems);
        problems
    }

    fn check_types(&self, problems: &mut Vec<BuildProblem>) {
        let of_slug = |slug: &str| self.readers.iter().map(|reader| reader.schema).find(|schema| schema.slug == slug);
        let mut seen = BTreeSet::new();
        for schema in self.readers.iter().map(|reader| reader.schema) {
            if !seen.insert(schema.slug) {
                problems.push(BuildProblem::SameSlug { slug: schema.slug });
            }
            if !is_slug(schema.slug) {
                problems.push(BuildProblem::Slug { slug: schema.slug });
            }
            let mut targets = BTreeSet::new();
            for edge in schema.edges {
                if !targets.insert((edge.kind, edge.slug)) {
                    let (from, field) = (schema.slug, edge.kind.field());
                    problems.push(BuildProblem::SameTarget { from, field, to: edge.slug });
                }
                let wanted = match edge.kind {
                    EdgeKind::Membership => Kind::Group,
                    EdgeKind::Assignment => Kind::License,
                };
                match of_slug(edge.slug).filter(|target| target.kind == wanted) {
                    None => {
                        let (from, field) = (schema.slug, edge.kind.field());
                        problems.push(BuildProblem::Target { from, field, to: edge.slug });
                    }
                    Some(target) if target.rust_type() != edge.target() => {
                        let of = format!("the {} of `{}`", edge.kind.field(), schema.slug);
                        problems.push(BuildProblem::OtherType { of, slug: edge.slug });
                    }
                    Some(_) => {}
                }
            }
        }
    }

    /// Whether a type with this slug is registered, and is another Rust type.
    fn is_another(&self, slug: &str, rust_type: TypeId) -> bool {
        let of_slug = self.readers.iter().map(|reader| reader.schema).find(|schema| schema.slug == slug);
        of_slug.is_some_and(|schema| schema.rust_type() != rust_type)
    }

    fn check_limits(&self, problems: &mut Vec<BuildProblem>) {
        for (slug, rust_type) in &self.limited {
            if self.is_another(slug, *rust_type) {
                problems.push(BuildProblem::OtherType { of: "limits".to_owned(), slug });
            }
        }
        for (slug, limits) in &self.limits {
            if !self.readers.iter().any(|reader| reader.schema.slug == *slug) {
                problems.push(BuildProblem::LimitsOfNone { slug });
            }
            problems.extend(limits.problems().into_iter().map(|problem| BuildProblem::Limits { slug, problem }));
        }
    }

    fn check_routes(&self, problems: &mut Vec<BuildProblem>) {
        let mut seen = BTreeSet::new();
        for entry in self.tasks.entries() {
            let route = entry.route;
            if !seen.insert((route, entry.any)) {
                problems.push(BuildProblem::SameRoute { route });
            }
            if !self.readers.iter().any(|reader| reader.schema.slug == route.slug) {
                problems.push(BuildProblem::Unregistered { handler: entry.name, slug: route.slug });
            }
            if self.is_another(route.slug, entry.resource) {
                let of = format!("the handler `{}`", entry.name);
                problems.push(BuildProblem::OtherType { of, slug: route.slug });
            }
        }
    }
}

/// The rule of protocol.md section 3. The derive checks it as well; types with a hand-written impl meet it here.
fn is_slug(slug: &str) -> bool {
    let first = slug.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit());
    let rest = slug.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_'));
    first && rest && slug.len() <= 63 && !matches!(slug, "complete" | "abandon")
}

/// A connector that cannot be built, with every reason.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BuildError {
    /// The connector's name.
    pub name: String,
    /// What is wrong.
    pub problems: Vec<BuildProblem>,
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the connector `{}` cannot be built:", self.name)?;
        self.problems.iter().try_for_each(|problem| write!(f, "\n  - {problem}"))
    }
}

impl std::error::Error for BuildError {}

/// One reason why a connector cannot be built.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BuildProblem {
    /// The name is empty or too long.
    #[error("the name must have 1 to 255 characters")]
    Name,
    /// Nothing to sync.
    #[error("it has no resource type: add `.resource::<T>()`")]
    NoResource,
    /// Two types with one slug.
    #[error("two resource types have the slug `{slug}`: give one of them another, `#[bridge(slug = \"…\")]`")]
    SameSlug {
        /// The slug.
        slug: &'static str,
    },
    /// A slug that Iden does not take.
    #[error(
        "`{slug}` is no slug: lower-case letters, digits, `-` and `_`, at most 63, and neither `complete` nor `abandon`"
    )]
    Slug {
        /// The slug.
        slug: &'static str,
    },
    /// An edge to a type that is not registered.
    #[error("`{from}` has {field} in `{to}`, which is not registered: add `.resource::<T>()` for it")]
    Target {
        /// The account type.
        from: &'static str,
        /// `memberships` or `assignments`.
        field: &'static str,
        /// The slug that they point to.
        to: &'static str,
    },
    /// Two memberships or assignments that would be sent under one key.
    #[error(
        "`{from}` has {field} in two types with the slug `{to}`: give one of them another, `#[bridge(slug = \"…\")]`"
    )]
    SameTarget {
        /// The account type.
        from: &'static str,
        /// `memberships` or `assignments`.
        field: &'static str,
        /// The slug of both.
        to: &'static str,
    },
    /// A link, a handler or limits for a type that is not registered, while another one with its slug is.
    #[error(
        "{of}: the slug `{slug}` is registered for another Rust type; register this one, or give one of them another slug"
    )]
    OtherType {
        /// What names the type.
        of: String,
        /// The slug of both.
        slug: &'static str,
    },
    /// Limits of a type that is not registered.
    #[error("`{slug}` has limits and is not registered: add `.resource::<T>()` for it")]
    LimitsOfNone {
        /// The slug.
        slug: &'static str,
    },
    /// Limits that are none.
    #[error("the limits of `{slug}`: {problem}")]
    Limits {
        /// The slug.
        slug: &'static str,
        /// What is wrong.
        problem: LimitsProblem,
    },
    /// No handler at once, or too many.
    #[error("`.handlers_at_once({handlers})`: 1 to 64 handlers can run at once")]
    AtOnce {
        /// What was said.
        handlers: usize,
    },
    /// Two handlers for one route.
    #[error("two handlers take {route}: leave one of them out")]
    SameRoute {
        /// The route.
        route: Route,
    },
    /// A handler for a type that is not registered.
    #[error("the handler `{handler}` is about `{slug}`, which is not registered: add `.resource::<T>()` for it")]
    Unregistered {
        /// The handler.
        handler: &'static str,
        /// The account type's slug.
        slug: &'static str,
    },
}
