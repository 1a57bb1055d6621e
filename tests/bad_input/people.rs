//! A directory whose rows are JSON, as a case writes them.

use std::sync::{Arc, Mutex};

use iden_bridge::prelude::*;
use serde_json::Value;

#[derive(BridgeResource)]
#[bridge(group)]
pub struct Crew {
    id: String,
    name: String,
}

#[derive(BridgeResource)]
#[bridge(license)]
pub struct Seat {
    id: String,
    name: String,
}

#[derive(BridgeResource)]
#[bridge(account)]
pub struct Person {
    id: String,
    email: Option<String>,
    username: Option<String>,
    first_name: Option<String>,
    last_name: Option<String>,
    display_name: Option<String>,
    status: Result<Option<Status>, String>,
    #[bridge(memberships)]
    crews: Vec<Ref<Crew>>,
    #[bridge(assignments)]
    seats: Vec<Ref<Seat>>,
    #[bridge(field = "note")]
    note: Value,
    #[bridge(field = "score")]
    score: Option<f64>,
}

/// The rows of the three tables, as JSON texts.
#[derive(Clone, Default)]
pub struct Rows {
    pub crews: Vec<String>,
    pub seats: Vec<String>,
    pub people: Vec<String>,
}

/// `DISTINCT` and `SNAPSHOT` are what the source promises of its people.
pub struct Directory<const DISTINCT: bool, const SNAPSHOT: bool>(pub Arc<Mutex<Rows>>);

fn text(row: &Value, field: &str) -> Option<String> {
    row[field].as_str().map(str::to_owned)
}

/// The row with this text. One that is no JSON stands for somebody all the same.
fn row(text: &str) -> Result<Value, serde_json::Error> {
    serde_json::from_str(text)
}

fn ids(row: &Value, field: &str) -> Vec<String> {
    row[field].as_array().into_iter().flatten().map(|id| id.as_str().unwrap().to_owned()).collect()
}

fn person(row: &Value) -> Person {
    let status = match row["status"].as_str() {
        None => Ok(None),
        Some(word) => Status::from_wire(word).map(Some).ok_or_else(|| format!("`{word}` is no status")),
    };
    let nobody = row.get("email").is_none() && row.get("username").is_none();
    Person {
        id: text(row, "id").unwrap(),
        email: if nobody { Some("p@acme.example".into()) } else { text(row, "email") },
        username: text(row, "username"),
        first_name: text(row, "first_name"),
        last_name: text(row, "last_name"),
        display_name: text(row, "display_name"),
        status,
        crews: ids(row, "crews").into_iter().map(Ref::new).collect(),
        seats: ids(row, "seats").into_iter().map(Ref::new).collect(),
        note: row["note"].clone(),
        score: row["score"].as_str().map(|score| score.parse().unwrap()),
    }
}

impl<const D: bool, const S: bool> Source<Crew> for Directory<D, S> {
    async fn read(&self, out: &Out<Crew>) -> Result<(), SourceError> {
        let rows = self.0.lock().unwrap().crews.clone();
        for row in rows.iter().map(|text| row(text)) {
            let row = row?;
            out.push(Crew { id: text(&row, "id").unwrap(), name: text(&row, "name").unwrap_or("Crew".into()) }).await;
        }
        Ok(())
    }
}

impl<const D: bool, const S: bool> Source<Seat> for Directory<D, S> {
    async fn read(&self, out: &Out<Seat>) -> Result<(), SourceError> {
        let rows = self.0.lock().unwrap().seats.clone();
        for row in rows.iter().map(|text| row(text)) {
            let row = row?;
            out.push(Seat { id: text(&row, "id").unwrap(), name: text(&row, "name").unwrap_or("Seat".into()) }).await;
        }
        Ok(())
    }
}

impl<const D: bool, const S: bool> Source<Person> for Directory<D, S> {
    const DISTINCT_IDS: bool = D;
    const SNAPSHOT: bool = S;

    async fn read(&self, out: &Out<Person>) -> Result<(), SourceError> {
        let rows = self.0.lock().unwrap().people.clone();
        for text in &rows {
            match row(text) {
                Ok(row) => out.push(person(&row)).await,
                Err(fault) => out.unreadable(None, format!("the row is no JSON: {fault}")).await,
            }
        }
        Ok(())
    }
}
