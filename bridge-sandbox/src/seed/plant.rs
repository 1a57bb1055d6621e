use std::io;
use std::path::Path;

use serde_json::{Value, json};
use uuid::Uuid;

use super::file::{Seed, SeedApp, SeedKey, SeedTask, refuse};
use crate::assumptions::Assumptions;
use crate::key::Access;
use crate::new_task::NewTask;
use crate::span;
use crate::state::{Scope, State};
use crate::validate::{NewApp, NewType};
use crate::view::Cause;

impl Seed {
    /// Makes the assumptions of the file.
    pub(crate) fn assume(&self, assumptions: &mut Assumptions, path: &Path) -> io::Result<()> {
        for (name, value) in &self.assumptions {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            assumptions.set(name, &text).map_err(|error| refuse("seed file", path, &error.to_string()))?;
        }
        Ok(())
    }

    /// Puts what the file describes into the state. An app whose name is held already is left as it is, so that a seed goes
    /// with a state file.
    pub(crate) fn plant(self, state: &mut State, first: usize, path: &Path) -> io::Result<()> {
        for app in self.apps {
            let name = app.name.clone();
            plant_app(state, first, app)
                .map_err(|trouble| refuse("seed file", path, &format!("app `{name}`: {trouble}")))?;
        }
        for (index, key) in self.keys.into_iter().enumerate() {
            plant_key(state, first, key)
                .map_err(|trouble| refuse("seed file", path, &format!("key {}: {trouble}", index + 1)))?;
        }
        Ok(())
    }
}

fn plant_app(state: &mut State, first: usize, app: SeedApp) -> Result<(), String> {
    let tenant = find_tenant(state, first, app.tenant.as_deref())?;
    if find_app(state, tenant, &app.name).is_ok() {
        return Ok(());
    }
    let parent = app.clone_from.as_deref().map(|name| find_app(state, tenant, name)).transpose()?;
    // By the same rules as an app that a connector creates.
    NewApp::read(&json!({ "name": app.name })).map_err(|refusal| refusal.detail().to_owned())?;
    if let Some(id) = app.id.filter(|id| state.find_app(*id).is_some()) {
        return Err(format!("`id` {id} is the id of another app"));
    }
    let id = app.id.unwrap_or_else(Uuid::new_v4);
    let created = state.create_app_with(tenant, &Access::Everything, id, &app.name, parent);
    created.map_err(|refusal| refusal.detail().to_owned())?;
    let scope = state.scope(tenant, &Access::Everything, id);
    let mut scope = scope.map_err(|refusal| refusal.detail().to_owned())?;
    for known in &app.types {
        let body = json!({ "slug": known.slug, "name": known.name, "type": known.kind });
        let registered = NewType::read(&body).and_then(|new| scope.register(new.slug, new.name, new.kind).map(|_| ()));
        registered.map_err(|refusal| format!("type `{}`: {}", known.slug, refusal.detail()))?;
    }
    for (slug, records) in &app.records {
        let Value::Array(records) = records else {
            return Err(format!("records of `{slug}`: must be a list"));
        };
        for (index, record) in records.iter().enumerate() {
            let put = scope.put_record(slug, record, Cause::Hand);
            put.map_err(|refusal| format!("record {} of `{slug}`: {}", index + 1, refusal.detail()))?;
        }
    }
    for (index, task) in app.tasks.into_iter().enumerate() {
        plant_task(&mut scope, task).map_err(|trouble| format!("task {}: {trouble}", index + 1))?;
    }
    Ok(())
}

fn plant_task(scope: &mut Scope<'_>, task: SeedTask) -> Result<(), String> {
    let mut new = NewTask::new(&task.action, &task.resource_type);
    new = new.account(task.account).memberships(task.memberships).changes(task.changes);
    let due = match (task.execute_after, task.execute_in.as_deref()) {
        (Some(_), Some(_)) => return Err("`execute_after` and `execute_in` exclude each other".to_owned()),
        (due, None) => due,
        (None, Some(text)) => {
            let time =
                span::parse(text).ok_or_else(|| format!("`execute_in` must be {}, not `{text}`", span::EXPECTED))?;
            scope.clock.now().checked_add(time).ok()
        }
    };
    if let Some(due) = due {
        new = new.execute_after(due);
    }
    scope.queue(new);
    Ok(())
}

fn plant_key(state: &mut State, first: usize, key: SeedKey) -> Result<(), String> {
    let tenant = find_tenant(state, first, key.tenant.as_deref())?;
    let access = match key.apps {
        None => Access::Everything,
        Some(names) => Access::Only(names.iter().map(|name| find_app(state, tenant, name)).collect::<Result<_, _>>()?),
    };
    if key.key.is_empty() || !key.key.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err("must be made of visible ASCII characters".to_owned());
    }
    let keys = state.keys(tenant);
    keys.add(&key.key, access, key.expires_at);
    if key.revoked {
        keys.revoke(&key.key);
    }
    Ok(())
}

fn find_tenant(state: &State, first: usize, slug: Option<&str>) -> Result<usize, String> {
    let Some(slug) = slug else { return Ok(first) };
    state.tenant(slug).ok_or_else(|| format!("there is no tenant `{slug}`: name it when you start the sandbox"))
}

fn find_app(state: &State, tenant: usize, name: &str) -> Result<Uuid, String> {
    let app = state.tenants[tenant].apps().find(|app| app.name == name);
    app.map(|app| app.id).ok_or_else(|| format!("there is no app `{name}` before it"))
}
