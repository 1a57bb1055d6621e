use std::time::Duration;

use rusqlite::{OptionalExtension, Params, Row};
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::{Store, Trouble};
use crate::state::State;
use crate::state::app::AppState;
use crate::state::record::Record;
use crate::state::session::Session;
use crate::state::tenant::TenantState;

impl Store {
    /// Puts what the file holds into the state, which is empty.
    pub(super) fn load(&self, state: &mut State) -> Result<(), Trouble> {
        let ahead: Option<i64> =
            self.connection.query_row("SELECT ahead_micros FROM clock", [], |row| row.get(0)).optional()?;
        state.clock.advance(Duration::from_micros(ahead.and_then(|ahead| u64::try_from(ahead).ok()).unwrap_or(0)));
        let tenants = self.rows("SELECT position, slug, keys FROM tenants ORDER BY position", [], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get::<_, String>(2)?))
        })?;
        for (position, slug, keys) in tenants {
            let tenant = self.tenant(position, slug, &keys)?;
            state.tenants.push(tenant);
        }
        state.restore_agenda();
        Ok(())
    }

    fn tenant(&self, position: i64, slug: String, keys: &str) -> Result<TenantState, Trouble> {
        let catalogs = self.bodies("SELECT body FROM catalogs WHERE tenant = ?1 ORDER BY position", [position])?;
        let mut apps: Vec<AppState> =
            self.bodies("SELECT body FROM apps WHERE tenant = ?1 ORDER BY number", [position])?;
        for app in &mut apps {
            self.fill(app)?;
        }
        Ok(TenantState::restored(slug, serde_json::from_str(keys)?, apps, catalogs))
    }

    fn fill(&self, app: &mut AppState) -> Result<(), Trouble> {
        let id = app.id.into_bytes();
        let records = self.rows("SELECT slug, key, body FROM records WHERE app = ?1", [id], |row| {
            Ok((row.get::<_, String>(0)?, row.get(1)?, row.get::<_, String>(2)?))
        })?;
        for (slug, key, body) in records {
            let mut record: Record = serde_json::from_str(&body)?;
            record.restore();
            app.records.entry(slug).or_default().insert(key, record);
        }
        let sql = "SELECT body, snapshot FROM sessions WHERE app = ?1 ORDER BY number";
        let sessions = self.rows(sql, [id], |row| Ok((row.get::<_, String>(0)?, row.get::<_, Option<String>>(1)?)))?;
        for (body, snapshot) in sessions {
            let mut session: Session = serde_json::from_str(&body)?;
            if let Some(snapshot) = snapshot {
                let sql = "SELECT body FROM pages WHERE session = ?1 ORDER BY number";
                let pages = self.bodies(sql, [session.id.into_bytes()])?;
                session.restore(serde_json::from_str(&snapshot)?, pages);
            }
            app.sessions.push(session);
        }
        for task in self.bodies("SELECT body FROM tasks WHERE app = ?1 ORDER BY number", [id])? {
            let _: Uuid = app.tasks.push(task);
        }
        Ok(())
    }

    /// The JSON in the one column of each row.
    fn bodies<T: DeserializeOwned>(&self, sql: &str, params: impl Params) -> Result<Vec<T>, Trouble> {
        let bodies = self.rows(sql, params, |row| row.get::<_, String>(0))?;
        bodies.iter().map(|body| Ok(serde_json::from_str(body)?)).collect()
    }

    fn rows<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, Trouble> {
        let mut statement = self.connection.prepare(sql)?;
        let rows = statement.query_map(params, read)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}
