//! What the sandbox holds, and the rules of the protocol on it. Nothing here knows HTTP but for the status of a refusal.

mod agenda;
pub(crate) mod app;
pub(crate) mod catalog;
mod completion;
pub(crate) mod coverage;
mod effect;
mod history;
pub(crate) mod id;
pub(crate) mod link;
pub(crate) mod record;
pub(crate) mod session;
mod sync;
pub(crate) mod task;
pub(crate) mod tenant;
pub(crate) mod touched;

use std::time::Duration;

use jiff::Timestamp;
use uuid::Uuid;

use crate::assumptions::Assumptions;
use crate::changes::Topic;
use crate::clock::Clock;
use crate::error::Refusal;
use crate::key::{Access, Keys};
use crate::warning::Warnings;
use agenda::{Agenda, Due, Event};
use app::AppState;
use catalog::Catalog;
use tenant::TenantState;
use touched::{Rows, Touched};

/// Everything that the sandbox holds.
pub(crate) struct State {
    pub(crate) clock: Clock,
    warnings: Warnings,
    /// What changed and was not published yet.
    touched: Touched,
    agenda: Agenda,
    pub(crate) assumptions: Assumptions,
    pub(crate) tenants: Vec<TenantState>,
}

/// One app, with all that an operation on it needs.
pub(crate) struct Scope<'a> {
    pub(crate) app: &'a mut AppState,
    pub(crate) types: &'a mut Catalog,
    pub(crate) clock: &'a mut Clock,
    warnings: &'a mut Warnings,
    touched: &'a mut Touched,
    agenda: &'a mut Agenda,
    tenant: usize,
    pub(crate) assumptions: Assumptions,
}

impl State {
    pub(crate) fn new(assumptions: Assumptions) -> Self {
        Self {
            clock: Clock::new(),
            warnings: Warnings::default(),
            touched: Touched::default(),
            agenda: Agenda::default(),
            assumptions,
            tenants: Vec::new(),
        }
    }

    /// The index of a tenant.
    pub(crate) fn tenant(&self, slug: &str) -> Option<usize> {
        self.tenants.iter().position(|tenant| tenant.slug == slug)
    }

    pub(crate) fn create_app(
        &mut self,
        tenant: usize,
        access: &Access,
        name: &str,
        clone_from: Option<Uuid>,
    ) -> Result<&AppState, Refusal> {
        self.create_app_with(tenant, access, Uuid::new_v4(), name, clone_from)
    }

    /// Creates an app with an id that no other has.
    pub(crate) fn create_app_with(
        &mut self,
        tenant: usize,
        access: &Access,
        id: Uuid,
        name: &str,
        clone_from: Option<Uuid>,
    ) -> Result<&AppState, Refusal> {
        let app = self.tenants[tenant].create_app(access, id, name, clone_from, self.clock.stamp())?;
        self.touched.app(app.id, Topic::Apps);
        Ok(app)
    }

    /// The app of a request: 404 where the tenant has none such, 403 where the key does not reach it.
    pub(crate) fn scope(&mut self, tenant: usize, access: &Access, id: Uuid) -> Result<Scope<'_>, Refusal> {
        let (app, types) = self.tenants[tenant].app(access, id)?;
        Ok(Scope {
            app,
            types,
            clock: &mut self.clock,
            warnings: &mut self.warnings,
            touched: &mut self.touched,
            agenda: &mut self.agenda,
            tenant,
            assumptions: self.assumptions,
        })
    }

    pub(crate) fn advance(&mut self, by: Duration) {
        self.clock.advance(by);
        self.settle();
        self.touched.clock();
    }

    pub(crate) fn warn(&mut self, text: String) {
        if self.warnings.add(text) {
            self.touched.general(Topic::Warnings);
        }
    }

    pub(crate) fn warnings(&self) -> Vec<String> {
        self.warnings.list()
    }

    /// When something will happen by itself.
    pub(crate) fn next_due(&self) -> Option<Timestamp> {
        self.agenda.first()
    }

    /// From now on it is noted which rows of the state file have to be written.
    pub(crate) fn note_rows(&mut self) {
        self.touched.rows.get_or_insert_default();
    }

    /// What changed since the last call.
    pub(crate) fn take_touched(&mut self) -> Touched {
        let rows = self.touched.rows.as_ref().map(|_| Rows::default());
        std::mem::replace(&mut self.touched, Touched { rows, ..Touched::default() })
    }

    pub(crate) fn add_tenant(&mut self, tenant: TenantState) -> usize {
        self.tenants.push(tenant);
        let index = self.tenants.len() - 1;
        self.touched.tenant(index);
        index
    }

    /// An app, whatever the tenant. Returns the tenant's index, too.
    pub(crate) fn find_app(&self, id: Uuid) -> Option<(usize, &AppState)> {
        let tenants = self.tenants.iter().enumerate();
        tenants.flat_map(|(index, tenant)| tenant.apps().map(move |app| (index, app))).find(|(_, app)| app.id == id)
    }

    /// The keys of a tenant, to be changed.
    pub(crate) fn keys(&mut self, tenant: usize) -> &mut Keys {
        self.touched.tenant(tenant);
        &mut self.tenants[tenant].keys
    }
}

impl Scope<'_> {
    fn warn(&mut self, text: String) {
        if self.warnings.add(text) {
            self.touched.general(Topic::Warnings);
        }
    }

    /// Puts down what is to happen that long from now.
    fn put_down(&mut self, later: Duration, event: Event) {
        self.remind(self.clock.now().checked_add(later).unwrap_or(Timestamp::MAX), event);
    }

    fn remind(&mut self, at: Timestamp, event: Event) {
        self.agenda.add(at, Due { tenant: self.tenant, app: self.app.id, event });
    }
}
