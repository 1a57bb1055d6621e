//! The database of one region.

use std::{
    env, fs,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use iden_bridge::{BoxError, prelude::*};
use rusqlite::{Connection, OptionalExtension, Row};

use crate::model::{Employee, Team};

const SCHEMA: &str = "
    create table if not exists team (id text primary key, name text not null) strict;
    create table if not exists employee (
        id text primary key, email text not null unique, name text not null,
        present integer not null default 1, team text not null references team
    ) strict;";

/// Who works in a new region: id, name, team.
const AMERICAS: &[(&str, &str, &str)] = &[
    ("am-1", "Carla Mendes", "sales"),
    ("am-2", "Dwight Ames", "sales"),
    ("am-3", "Imani Brooks", "engineering"),
    ("am-4", "Luis Ortega", "engineering"),
    ("am-5", "Paula Reyes", "support"),
];
const EUROPE: &[(&str, &str, &str)] = &[
    ("eu-1", "Anneke de Vries", "engineering"),
    ("eu-2", "Jonas Weber", "sales"),
    ("eu-3", "Klara Novak", "support"),
    ("eu-4", "Sofia Rossi", "engineering"),
];
const ASIA: &[(&str, &str, &str)] =
    &[("as-1", "Haruto Sato", "engineering"), ("as-2", "Linh Tran", "support"), ("as-3", "Rohan Mehta", "sales")];

const EMPLOYEES: &str = "select id, email, name, present, team from employee";

#[derive(Debug)]
pub struct Region {
    database: Arc<Mutex<Connection>>,
}

impl Region {
    /// Opens the region's database, and makes and fills it if it is not there.
    pub async fn open(name: &str) -> Result<Region, BoxError> {
        let directory = env::var_os("REGIONS_DIR").map_or_else(|| PathBuf::from("regions"), PathBuf::from);
        fs::create_dir_all(&directory)?;
        Region::with(name, Connection::open(directory.join(name).with_extension("sqlite"))?)
    }

    /// The same with a connection that is open.
    pub fn with(name: &str, database: Connection) -> Result<Region, BoxError> {
        let people = match name {
            "americas" => AMERICAS,
            "europe" => EUROPE,
            _ => ASIA,
        };
        database.execute_batch(SCHEMA)?;
        for (id, full_name, team) in people {
            let email = format!("{}@acme.example", full_name.to_lowercase().replace(' ', "."));
            let title = team[..1].to_uppercase() + &team[1..];
            database.execute("insert or ignore into team values (?1, ?2)", [*team, &title])?;
            let sql = "insert or ignore into employee (id, email, name, team) values (?1, ?2, ?3, ?4)";
            database.execute(sql, [*id, &email, *full_name, *team])?;
        }
        Ok(Region { database: Arc::new(Mutex::new(database)) })
    }

    /// `false`: there is nobody with this id.
    pub fn set_present(&self, id: &str, present: bool) -> rusqlite::Result<bool> {
        let sql = "update employee set present = ?2 where id = ?1";
        Ok(lock(&self.database).execute(sql, (id, present))? > 0)
    }
}

fn lock(database: &Mutex<Connection>) -> MutexGuard<'_, Connection> {
    database.lock().unwrap_or_else(PoisonError::into_inner)
}

fn employee(row: &Row<'_>) -> rusqlite::Result<Employee> {
    let team = Ref::new(row.get::<_, String>("team")?);
    let (id, email, display_name) = (row.get("id")?, row.get("email")?, row.get("name")?);
    Ok(Employee { id, email, display_name, present: row.get("present")?, team })
}

impl Source<Team> for Region {
    async fn read(&self, out: &Out<Team>) -> Result<(), SourceError> {
        let database = Arc::clone(&self.database);
        out.blocking(move |out| {
            let database = lock(&database);
            let mut query = database.prepare_cached("select id, name from team order by id")?;
            let mut rows = query.query([])?;
            while let Some(row) = rows.next()? {
                out.push(Team { id: row.get(0)?, name: row.get(1)? })?;
            }
            Ok(())
        })
        .await
    }
}

impl Source<Employee> for Region {
    async fn read(&self, out: &Out<Employee>) -> Result<(), SourceError> {
        let database = Arc::clone(&self.database);
        out.blocking(move |out| {
            let database = lock(&database);
            let mut query = database.prepare_cached(&format!("{EMPLOYEES} order by id"))?;
            let mut rows = query.query([])?;
            while let Some(row) = rows.next()? {
                out.push(employee(row)?)?;
            }
            Ok(())
        })
        .await
    }

    async fn find(&self, id: &String) -> Result<Option<Employee>, SourceError> {
        let (database, id) = (Arc::clone(&self.database), id.clone());
        let find = move || {
            let database = lock(&database);
            database.query_row(&format!("{EMPLOYEES} where id = ?1"), [id], employee).optional()
        };
        Ok(tokio::task::spawn_blocking(find).await??)
    }
}
