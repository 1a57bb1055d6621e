//! What a completed task does to the records, where that is assumed (question P17).

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::Scope;
use super::catalog::Kind;
use super::id::canonical;
use super::link::add_links;
use crate::error::Refusal;
use crate::view::Cause;

impl Scope<'_> {
    /// Changes the record that a task was about, as if a sync had brought what the task asked for.
    pub(super) fn carry_out(&mut self, task: Uuid, action: &str, slug: &str, payload: &Value, result: Option<&Value>) {
        let account = payload["account"].as_object().cloned().unwrap_or_default();
        let known = account.get("id").and_then(Value::as_str);
        let made = result.and_then(|result| result["id"].as_str());
        let (id, cause) = (made.or(known).unwrap_or_default().to_owned(), Cause::Report { task });
        let done = match action {
            "create_account" => self.change(slug, &id, payload, cause, account, &Value::Null),
            "update_account" => {
                self.held(slug, &id).and_then(|held| self.change(slug, &id, payload, cause, held, &payload["changes"]))
            }
            "suspend_account" | "unsuspend_account" => self.held(slug, &id).and_then(|held| {
                let status = if action == "suspend_account" { "suspended" } else { "active" };
                self.change(slug, &id, payload, cause, held, &json!({ "status": status }))
            }),
            "delete_account" => self.held(slug, &id).map(|_| self.remove(slug, &id, cause)),
            _ => Ok(()),
        };
        if let Err(refusal) = done {
            self.warn(format!("task {task} is completed, but its record cannot be changed: {}", refusal.detail()));
        }
    }

    /// The fields of an account that is there.
    fn held(&self, slug: &str, id: &str) -> Result<Map<String, Value>, Refusal> {
        let is_account = self.types.get(slug).is_some_and(|known| known.kind == Kind::Account);
        let held = self.record(slug, id).filter(|record| is_account && !record.is_removed());
        let held = held.ok_or_else(|| Refusal::not_found(format!("no account `{id}` of type `{slug}` is held")))?;
        Ok(held.fields().clone())
    }

    fn change(
        &mut self,
        slug: &str,
        id: &str,
        payload: &Value,
        cause: Cause,
        mut fields: Map<String, Value>,
        changes: &Value,
    ) -> Result<(), Refusal> {
        fields.insert("id".to_owned(), id.into());
        let mut changes = changes.as_object().cloned().unwrap_or_default();
        let wanted = self.wanted_links(payload, &mut changes);
        fields.extend(changes);
        let (added, set): (Map<_, _>, Map<_, _>) = wanted
            .into_iter()
            .partition(|(field, _)| field == "memberships" && self.assumptions.task_memberships_are_added);
        add_links(&mut fields, &added);
        fields.extend(set);
        fields.retain(|_, value| !value.is_null());
        self.put_record(slug, &Value::Object(fields), cause)
    }

    /// The memberships and assignments that a task asks for beside the account, wherever it names them. Those in `changes` are
    /// taken out of them.
    fn wanted_links(&self, payload: &Value, changes: &mut Map<String, Value>) -> Map<String, Value> {
        let mut named = Map::new();
        let is_type = |slug: &String| self.types.get(slug).is_some_and(|known| known.kind != Kind::Account);
        let slugs: Vec<String> = changes.keys().filter(|slug| is_type(slug)).cloned().collect();
        named.extend(slugs.into_iter().filter_map(|slug| changes.remove_entry(&slug)));
        let maps = ["memberships", "assignments"].map(|field| changes.remove(field));
        let beside = ["assignments", "memberships"].map(|field| payload.get(field).cloned());
        for map in maps.into_iter().chain(beside).flatten() {
            named.extend(map.as_object().cloned().unwrap_or_default());
        }
        let mut wanted = Map::new();
        for (slug, ids) in named {
            let is_license = self.types.get(&slug).is_some_and(|known| known.kind == Kind::License);
            let field = if is_license { "assignments" } else { "memberships" };
            wanted.entry(field).or_insert_with(|| json!({}))[slug] = ids;
        }
        wanted
    }

    fn remove(&mut self, slug: &str, id: &str, cause: Cause) {
        let (now, key) = (self.clock.stamp(), canonical(id, &self.assumptions).into_owned());
        if let Some(record) = self.app.records.get_mut(slug).and_then(|records| records.get_mut(&key)) {
            record.remove(now, cause);
            self.touched.record(self.app.id, slug, &key);
        }
    }
}
