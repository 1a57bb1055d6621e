use rusqlite::{Connection, params};
use serde_json::Value;
use uuid::Uuid;

use super::{Store, Trouble};
use crate::secrets;
use crate::state::State;
use crate::state::app::AppState;
use crate::state::session::Session;
use crate::state::touched::Rows;

impl Store {
    /// Writes what was changed, all of it or nothing.
    pub(crate) fn save(&mut self, state: &State, rows: Rows) -> Result<(), Trouble> {
        if rows.is_empty() {
            return Ok(());
        }
        let transaction = self.connection.transaction()?;
        let app = |id| state.find_app(id).ok_or_else(|| format!("app {id} is gone"));
        if rows.clock {
            transaction.execute("DELETE FROM clock", [])?;
            let ahead = i64::try_from(state.clock.ahead().as_micros()).unwrap_or(i64::MAX);
            transaction.execute("INSERT INTO clock VALUES (?1)", [ahead])?;
        }
        for index in rows.tenants {
            let tenant = &state.tenants[index];
            let sql = "INSERT INTO tenants VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET keys = excluded.keys";
            let keys = serde_json::to_string(&tenant.keys)?;
            transaction.prepare_cached(sql)?.execute(params![place(index)?, tenant.slug, keys])?;
        }
        for id in rows.apps {
            let (tenant, app) = app(id)?;
            save_app(&transaction, state, tenant, app)?;
        }
        for (id, slug, key) in rows.records {
            let (_, app) = app(id)?;
            let Some(record) = app.records.get(&slug).and_then(|records| records.get(&key)) else { continue };
            let sql = "INSERT INTO records VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO UPDATE SET body = excluded.body";
            let body = serde_json::to_string(record)?;
            transaction.prepare_cached(sql)?.execute(params![bytes(id), slug, key, body])?;
        }
        for (session, page) in rows.pages {
            let mut insert = transaction.prepare_cached("INSERT INTO pages (session, body) VALUES (?1, ?2)")?;
            insert.execute(params![bytes(session), serde_json::to_string(&page)?])?;
        }
        for (id, sync) in rows.sessions {
            let (_, app) = app(id)?;
            if let Some(session) = app.sessions.iter().rev().find(|session| session.id == sync) {
                save_session(&transaction, id, session)?;
            }
        }
        for (id, task) in rows.tasks {
            let (_, app) = app(id)?;
            let Ok(task) = app.tasks.get(task) else { continue };
            let sql =
                "INSERT INTO tasks (id, app, body) VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET body = excluded.body";
            let body = without_secrets(serde_json::to_value(task)?).to_string();
            transaction.prepare_cached(sql)?.execute(params![bytes(task.id), bytes(id), body])?;
        }
        Ok(transaction.commit()?)
    }
}

/// A new password that a connector reported is kept in memory only.
fn without_secrets(mut task: Value) -> Value {
    if let Some(result) = task.pointer_mut("/report/result") {
        *result = secrets::hidden(result);
    }
    task
}

/// An app, and its types, which its clones share.
fn save_app(connection: &Connection, state: &State, tenant: usize, app: &AppState) -> Result<(), Trouble> {
    let sql = "INSERT INTO catalogs VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET body = excluded.body";
    let types = serde_json::to_string(state.tenants[tenant].catalog(app.catalog))?;
    connection.prepare_cached(sql)?.execute(params![place(tenant)?, place(app.catalog)?, types])?;
    let sql = "INSERT INTO apps (id, tenant, body) VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET body = excluded.body";
    connection.prepare_cached(sql)?.execute(params![bytes(app.id), place(tenant)?, serde_json::to_string(app)?])?;
    Ok(())
}

/// A session. Its snapshot is written once, when it is opened; what its pages held stands in rows of their own, and both go
/// when nothing can come any more.
fn save_session(connection: &Connection, app: Uuid, session: &Session) -> Result<(), Trouble> {
    let (id, body, snapshot) = (bytes(session.id), serde_json::to_string(session)?, session.open_snapshot());
    let mut update = connection.prepare_cached("UPDATE sessions SET body = ?2 WHERE id = ?1")?;
    if update.execute(params![id, body])? == 0 {
        let snapshot = snapshot.map(serde_json::to_string).transpose()?;
        let mut insert =
            connection.prepare_cached("INSERT INTO sessions (id, app, body, snapshot) VALUES (?1, ?2, ?3, ?4)")?;
        insert.execute(params![id, bytes(app), body, snapshot])?;
    } else if snapshot.is_none() {
        connection.prepare_cached("UPDATE sessions SET snapshot = NULL WHERE id = ?1")?.execute([id])?;
        connection.prepare_cached("DELETE FROM pages WHERE session = ?1")?.execute([id])?;
    }
    Ok(())
}

fn bytes(id: Uuid) -> [u8; 16] {
    id.into_bytes()
}

/// SQLite counts with signed numbers.
fn place(index: usize) -> Result<i64, Trouble> {
    Ok(i64::try_from(index)?)
}
