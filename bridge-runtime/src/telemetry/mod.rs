//! What a connector tells of itself while it works: figures for Prometheus, and whether it lives and is ready.
//!
//! The command line serves both with `--listen`. A program that builds the connector itself hands a [`Telemetry`] to
//! [`Target::telemetry`](crate::connector::Target::telemetry) and shows it where it likes. `docs/telemetry.md` lists every
//! figure and every span.

mod doing;
mod family;
mod health;
mod histogram;
mod meter;
mod pulse;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use bridge_core::TypeSchema;

pub use doing::Sight;
pub use family::{FAMILIES, Family, FamilyKind};
pub(crate) use family::{
    GUARD_HELD, GUARD_HOLDS, HANDLERS_OVERDUE, HTTP_DURATION, HTTP_REQUESTS, HTTP_RETRIES, SOURCE_SILENT, SYNC_CHANGES,
    SYNC_DURATION, SYNC_FOUND, SYNC_LAST_SUCCESS, SYNC_PAGES, SYNC_READ, SYNC_RECORDS, SYNCS, TASK_DURATION, TASKS,
    TASKS_OLDEST, TASKS_OPEN,
};
pub use health::{Check, Health};
pub(crate) use meter::{Meter, OTHER};

use crate::clock::Clock;

/// The media type of [`Telemetry::prometheus`], to stand in `Content-Type`.
pub const PROMETHEUS_TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// What the connectors of this process tell of themselves. A clone shares it.
#[derive(Clone, Debug, Default)]
pub struct Telemetry {
    meters: Arc<Mutex<Vec<Arc<Meter>>>>,
}

impl Telemetry {
    /// The meter of an app that is being attached. One that is attached again goes on counting where it was, for counters
    /// must not run back.
    pub(crate) fn meter(
        &self,
        app: &str,
        types: &[TypeSchema],
        actions: Vec<&'static str>,
        clock: &Arc<dyn Clock>,
    ) -> Arc<Meter> {
        let mut meters = self.meters.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = meters.iter().find(|meter| meter.app() == app) {
            return Arc::clone(known);
        }
        let meter = Arc::new(Meter::new(app, types, actions, Arc::clone(clock)));
        meters.push(Arc::clone(&meter));
        meter
    }

    /// The figures of every app in Prometheus' text format, version 0.0.4. Labels hold names from the connector and from
    /// short closed lists, never an id, an address or what a server said.
    #[must_use]
    pub fn prometheus(&self) -> String {
        let meters = self.meters();
        let figures: Vec<_> = meters.iter().map(|meter| (meter.app(), meter.figures())).collect();
        let mut text = String::new();
        for family in FAMILIES {
            let of_family: BTreeMap<_, _> =
                figures.iter().filter_map(|(app, figures)| Some((*app, figures.of(family)?))).collect();
            if !of_family.is_empty() {
                family.write(&of_family, &mut text);
            }
        }
        text
    }

    /// Whether the engines of every app turn. One that does not hangs, and only a restart helps; that is as safe as any
    /// other end. An app that is not running yet, or is stopping, counts as alive.
    #[must_use]
    pub fn liveness(&self) -> Health {
        Health::new(self.meters().iter().map(|meter| meter.lives()).collect())
    }

    /// Whether each of these apps works: it is attached, its engines turn, Iden answers it and takes its key, polls for tasks
    /// have not failed for five minutes, and it is not stopping. An app of whom nothing is known yet is not ready.
    #[must_use]
    pub fn readiness(&self, apps: &[&str]) -> Health {
        let meters = self.meters();
        let of = |app: &&str| match meters.iter().find(|meter| meter.app() == *app) {
            Some(meter) => meter.is_ready(),
            None => Check::failed(*app, "it is not running yet"),
        };
        Health::new(apps.iter().map(of).collect())
    }

    /// What each app is doing at this moment, in the order in which they were attached. It costs little: a program may ask
    /// ten times a second to show it.
    #[must_use]
    pub fn sights(&self) -> Vec<Sight> {
        self.meters().iter().map(|meter| meter.sight()).collect()
    }

    fn meters(&self) -> Vec<Arc<Meter>> {
        self.meters.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[cfg(test)]
mod tests;
