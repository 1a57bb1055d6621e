//! What Iden sees of the HR system.

use iden_bridge::prelude::*;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};

#[derive(Debug, BridgeResource)]
#[bridge(group, name = "Teams")]
pub struct Team {
    pub id: String,
    pub name: String,
}

/// A seat of an application that the company pays for.
#[derive(Debug, BridgeResource)]
#[bridge(license, name = "Seats")]
pub struct Seat {
    #[bridge(id)]
    pub sku: String,
    pub name: String,
}

#[derive(Debug, BridgeResource)]
#[bridge(account, name = "Employees")]
pub struct Employee {
    #[bridge(id)]
    pub number: u32,
    pub email: String,
    pub first_name: String,
    /// Not everybody has one.
    #[bridge(last_name)]
    pub surname: Option<String>,
    pub status: Employment,
    #[bridge(memberships)]
    pub teams: Vec<Ref<Team>>,
    #[bridge(assignments)]
    pub seats: Vec<Ref<Seat>>,
    /// In the HR system, and nobody else's business.
    #[bridge(skip)]
    pub salary: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, BridgeStatus)]
pub enum Employment {
    #[bridge(active)]
    Employed,
    #[bridge(suspended)]
    OnLeave,
    #[bridge(inactive)]
    Left,
}

impl Employment {
    fn as_str(self) -> &'static str {
        match self {
            Employment::Employed => "employed",
            Employment::OnLeave => "on_leave",
            Employment::Left => "left",
        }
    }
}

impl From<Status> for Employment {
    fn from(status: Status) -> Self {
        match status {
            Status::Active => Employment::Employed,
            Status::Suspended => Employment::OnLeave,
            Status::Inactive => Employment::Left,
        }
    }
}

impl ToSql for Employment {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.as_str().into())
    }
}

impl FromSql for Employment {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let word = value.as_str()?;
        let all = [Employment::Employed, Employment::OnLeave, Employment::Left];
        let found = all.into_iter().find(|employment| employment.as_str() == word);
        found.ok_or_else(|| FromSqlError::Other(format!("`{word}` is no employment").into()))
    }
}
