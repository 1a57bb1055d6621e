//! The types of a connector: how each is read, and how much of it may go unseen.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

use bridge_core::TypeSchema;

use super::{guard::Limits, wall_clock::ClockSteps};
use crate::{
    clock::Clock,
    journal::Journal,
    source::{LookUp, ReadSession, Reading},
    telemetry::Meter,
};

/// How one type is read from a system `S`.
pub(crate) struct TypeReader<S> {
    pub(crate) schema: TypeSchema,
    /// One read sees a single state of the system.
    pub(crate) snapshot: bool,
    /// Ids that are equal but for case, blanks or normal form are an error.
    pub(crate) distinct_ids: bool,
    pub(crate) read: fn(Arc<S>, Arc<ReadSession>) -> Reading,
    pub(crate) find: fn(Arc<S>, String) -> LookUp,
}

// By hand: a derive would ask for `S: Copy`.
impl<S> Clone for TypeReader<S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S> Copy for TypeReader<S> {}

/// What a scan works with, whether it goes to Iden or is a dry run.
pub(crate) struct Sources<S> {
    pub(crate) types: Vec<TypeReader<S>>,
    /// By slug, one for each type.
    pub(crate) limits: BTreeMap<&'static str, Limits>,
    pub(crate) journal: Arc<dyn Journal>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) meter: Arc<Meter>,
    pub(crate) clock_steps: ClockSteps,
    /// The state directory, where a sync keeps records that wait for the guard. A dry run writes none.
    pub(crate) scratch: PathBuf,
}

impl<S> Sources<S> {
    /// The slugs of all types.
    pub(super) fn slugs(&self) -> Vec<&'static str> {
        self.types.iter().map(|one| one.schema.slug).collect()
    }

    /// What is registered.
    pub(super) fn schemas(&self) -> Vec<TypeSchema> {
        self.types.iter().map(|one| one.schema).collect()
    }

    pub(super) fn limits(&self, slug: &str) -> &Limits {
        self.limits.get(slug).expect("the builder gives each type its limits")
    }
}
