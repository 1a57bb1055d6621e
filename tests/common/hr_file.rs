//! The database of `acme_hr`, from outside.

use std::{collections::BTreeMap, path::Path};

use rusqlite::Connection;
use serde_json::{Value, json};

/// The database of `acme_hr`, read without a line of its code.
pub struct HrFile(pub Connection);

impl HrFile {
    pub fn open(path: &Path) -> Self {
        HrFile(Connection::open(path).unwrap())
    }

    pub fn count(&self, condition: &str) -> u64 {
        let sql = format!("select count(*) from {condition}");
        self.0.query_row(&sql, [], |row| row.get::<_, i64>(0)).unwrap().try_into().unwrap()
    }

    pub fn texts(&self, sql: &str) -> Vec<String> {
        let mut query = self.0.prepare(sql).unwrap();
        query.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
    }

    /// Everybody as Iden should see them, by number.
    pub fn employees(&self) -> BTreeMap<String, Value> {
        let sql = "select number, email, first_name, surname, status from person";
        let mut query = self.0.prepare(sql).unwrap();
        let rows = query.query_map([], |row| {
            let number = row.get::<_, i64>(0)?;
            let of = |table, column| {
                json!(self.texts(&format!("select {column} from {table} where person = {number} order by 1")))
            };
            let status = match row.get::<_, String>(4)?.as_str() {
                "employed" => "active",
                "on_leave" => "suspended",
                "left" => "inactive",
                other => panic!("{other}"),
            };
            let mut record = json!({
                "id": number.to_string(), "email": row.get::<_, String>(1)?, "first_name": row.get::<_, String>(2)?,
                "status": status, "memberships": {"team": of("team_member", "team")},
                "assignments": {"seat": of("seat_holder", "seat")},
            });
            if let Some(surname) = row.get::<_, Option<String>>(3)? {
                record["last_name"] = json!(surname);
            }
            Ok((number.to_string(), record))
        });
        rows.unwrap().collect::<Result<_, _>>().unwrap()
    }
}
