//! Reading the HR system.

use iden_bridge::{BlockingOut, prelude::*};
use rusqlite::{Connection, OptionalExtension, Row};

use crate::{
    database::{Hr, lock},
    model::{Employee, Seat, Team},
};

/// Everybody, with teams and seats. `read` and `find` both build on it, so that they cannot differ.
const EMPLOYEES: &str = "
    select number, email, first_name, surname, status, salary,
        (select json_group_array(team order by team) from team_member where person = number) as teams,
        (select json_group_array(seat order by seat) from seat_holder where person = number) as seats
    from person";

fn employee(row: &Row<'_>) -> Result<Employee, SourceError> {
    Ok(Employee {
        number: row.get("number")?,
        email: row.get("email")?,
        first_name: row.get("first_name")?,
        surname: row.get("surname")?,
        status: row.get("status")?,
        teams: serde_json::from_str(&row.get::<_, String>("teams")?)?,
        seats: serde_json::from_str(&row.get::<_, String>("seats")?)?,
        salary: row.get("salary")?,
    })
}

impl Source<Employee> for Hr {
    // One `select` sees one state of the database, whatever is written meanwhile.
    const SNAPSHOT: bool = true;

    async fn read(&self, out: &Out<Employee>) -> Result<(), SourceError> {
        let sql = format!("{EMPLOYEES} order by number");
        each_row(self, out, sql, |row, out| match employee(row) {
            Ok(employee) => out.push(employee),
            // One row that nobody understands should not keep all others from being read.
            Err(why) => out.unreadable(row.get::<_, u32>("number")?, why),
        })
        .await
    }

    async fn find(&self, number: &u32) -> Result<Option<Employee>, SourceError> {
        let (database, number) = (self.handle(), *number);
        let find = move || {
            let database = lock(&database);
            let mut query = database.prepare_cached(&format!("{EMPLOYEES} where number = ?1"))?;
            query.query_row([number], |row| Ok(employee(row))).optional()?.transpose()
        };
        tokio::task::spawn_blocking(find).await?
    }
}

impl Source<Team> for Hr {
    const SNAPSHOT: bool = true;

    async fn read(&self, out: &Out<Team>) -> Result<(), SourceError> {
        let sql = "select id, name from team order by id".to_owned();
        each_row(self, out, sql, |row, out| out.push(Team { id: row.get(0)?, name: row.get(1)? })).await
    }
}

impl Source<Seat> for Hr {
    const SNAPSHOT: bool = true;

    async fn read(&self, out: &Out<Seat>) -> Result<(), SourceError> {
        let sql = "select sku, name from seat order by sku".to_owned();
        each_row(self, out, sql, |row, out| out.push(Seat { sku: row.get(0)?, name: row.get(1)? })).await
    }
}

/// Walks over the rows on a thread of its own: SQLite blocks, and so does `push` while Iden is busy.
async fn each_row<R: iden_bridge::Resource>(
    hr: &Hr,
    out: &Out<R>,
    sql: String,
    take: impl Fn(&Row<'_>, &BlockingOut<R>) -> Result<(), SourceError> + Send + 'static,
) -> Result<(), SourceError> {
    let database = hr.handle();
    out.blocking(move |out| {
        let database: &Connection = &lock(&database);
        let mut query = database.prepare_cached(&sql)?;
        let mut rows = query.query([])?;
        while let Some(row) = rows.next()? {
            take(row, out)?;
        }
        Ok(())
    })
    .await
}
