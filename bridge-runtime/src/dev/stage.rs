//! A fleet on a sandbox.

use std::collections::BTreeMap;

use bridge_sandbox::{App, Sandbox};
use futures_util::future::join_all;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::{
    prompter::prompt,
    rehearsal::{Queued, Rehearsal, Rehearse},
    scratch::Scratch,
    summary::{AppSummary, Counts, DevSummary, TaskSummary},
};
use crate::{
    caught,
    client::{ApiKey, BaseUrl},
    connector::{AttachedMember, ConnectorError, Fleet, Schedule, Target},
    telemetry::Telemetry,
};

/// A fleet that works against a sandbox of its own, with a state of its own.
pub struct Stage {
    sandbox: Sandbox,
    cast: Vec<Actor>,
    // Removed when the stage is taken down.
    _scratch: Scratch,
}

struct Actor {
    name: String,
    attached: Box<dyn AttachedMember>,
    rehearse: Option<Rehearse>,
}

impl Stage {
    /// Starts a sandbox and attaches every member of the fleet to it. They count in `telemetry`.
    ///
    /// # Errors
    /// The sandbox could not be started, or a member could not be attached.
    pub async fn set_up(fleet: Fleet, settings: &Value, telemetry: &Telemetry) -> Result<Self, ConnectorError> {
        let sandbox = Sandbox::start().await.map_err(other)?;
        let scratch = Scratch::new().map_err(other)?;
        let url: BaseUrl = sandbox.base_url().parse().map_err(other)?;
        let key = ApiKey::new(sandbox.api_key()).map_err(other)?;
        let mut target = Target::new(url, key, scratch.path()).telemetry(telemetry.clone());
        let mut cast = Vec::new();
        for member in fleet.into_members() {
            let (name, rehearse) = (member.name().to_owned(), member.rehearsal());
            let attached = member.attach(&target, settings.clone()).await?;
            if cast.is_empty() {
                // All that follow the parent are its clones.
                target = target.clone_from(attached.app());
            }
            cast.push(Actor { name, attached, rehearse });
        }
        Ok(Stage { sandbox, cast, _scratch: scratch })
    }

    /// The sandbox, to look into.
    #[must_use]
    pub fn sandbox(&self) -> &Sandbox {
        &self.sandbox
    }

    /// Sync, the tasks of the rehearsal, and a sync again that shows their effect.
    ///
    /// # Errors
    /// Whatever a command of its own would fail with.
    pub async fn once(&self, stop: &CancellationToken) -> Result<DevSummary, ConnectorError> {
        let mut apps = Vec::new();
        for actor in &self.cast {
            apps.push(self.rehearse(actor, stop).await?);
        }
        Ok(DevSummary { apps })
    }

    /// Syncs and polls until `stop`, as the command `run` does; but it looks for tasks as soon as one is queued, and syncs
    /// after one was completed. Nothing is rehearsed.
    ///
    /// # Errors
    /// The journal failed.
    pub async fn run(&self, schedule: &Schedule, stop: &CancellationToken) -> Result<(), ConnectorError> {
        let runs = self.cast.iter().map(|actor| async {
            let _stop_the_others = stop.clone().drop_guard();
            let app = self.app(actor)?;
            tokio::select! {
                ended = actor.attached.run(schedule, stop) => ended,
                () = prompt(&app, &*actor.attached, self.sandbox.changes()) => Ok(()),
            }
        });
        join_all(runs).await.into_iter().collect()
    }

    fn app(&self, actor: &Actor) -> Result<App, ConnectorError> {
        self.sandbox.app(*actor.attached.app().as_uuid()).ok_or_else(|| other("the sandbox lost the app"))
    }

    async fn rehearse(&self, actor: &Actor, stop: &CancellationToken) -> Result<AppSummary, ConnectorError> {
        let (id, app) = (actor.attached.app(), self.app(actor)?);
        let first = actor.attached.sync(stop).await?;
        let mut rehearsal = Rehearsal::new(&app);
        if let Some(rehearse) = actor.rehearse {
            caught::called("the rehearsal", || rehearse(&mut rehearsal)).map_err(|error| other(error.to_string()))?;
        }
        let queued = rehearsal.queued;
        let before: Vec<_> =
            queued.iter().map(|task| task.account.as_deref().and_then(|id| held(&app, task.slug, id))).collect();
        let round = actor.attached.tasks_once(stop).await?;
        let second = if queued.is_empty() { None } else { Some(actor.attached.sync(stop).await?) };
        let tasks = queued.iter().zip(before).filter_map(|(task, before)| summarise(&app, task, before)).collect();
        Ok(AppSummary {
            name: actor.name.clone(),
            id,
            is_clone: app.cloned_from().is_some(),
            types: types(&app),
            first,
            tasks,
            round,
            second,
            held: counts(&app),
        })
    }
}

impl std::fmt::Debug for Stage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.cast.iter().map(|actor| &actor.name)).finish()
    }
}

fn summarise(app: &App, queued: &Queued, before: Option<Value>) -> Option<TaskSummary> {
    let task = app.task(queued.id)?;
    let result = task.result.as_ref();
    let created = || Some(result?.get("id")?.as_str()?.to_owned());
    let account = queued.account.clone().or_else(created);
    let after = account.as_deref().and_then(|id| held(app, queued.slug, id));
    let error = |field: &str| Some(task.error.as_ref()?.get(field)?.as_str()?.to_owned());
    let (code, message) = (error("code"), error("message"));
    let gave_password = result.is_some_and(|result| result.get("password").is_some());
    Some(TaskSummary {
        slug: queued.slug.to_owned(),
        who: account.clone().or_else(|| queued.login.clone()),
        account,
        code,
        message,
        gave_password,
        before,
        after,
        action: task.action,
        status: task.status,
    })
}

/// A record as Iden would show it: what was pushed, or `None` once it is removed.
fn held(app: &App, slug: &str, id: &str) -> Option<Value> {
    app.record(slug, id).filter(|record| !record.removed).map(|record| record.fields)
}

fn types(app: &App) -> Vec<String> {
    app.types().into_iter().map(|one| format!("{} ({})", one.slug, one.kind)).collect()
}

fn counts(app: &App) -> BTreeMap<String, Counts> {
    let count = |slug: &str| {
        let mut counts = Counts::default();
        for record in app.records(slug) {
            match (record.removed, record.status.as_str()) {
                (true, _) => counts.removed += 1,
                (false, "suspended") => counts.suspended += 1,
                (false, "inactive") => counts.inactive += 1,
                (false, _) => counts.active += 1,
            }
        }
        counts
    };
    app.types().into_iter().map(|one| (one.slug.clone(), count(&one.slug))).collect()
}

fn other(error: impl Into<bridge_core::BoxError>) -> ConnectorError {
    ConnectorError::Other(error.into())
}
