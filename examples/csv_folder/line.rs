//! The lines of the files, column by column. `#[serde(rename = "Employee No")]` is for a column of another name.

use serde::Deserialize;

use crate::{
    model::{Department, Employment, Person},
    table::Line,
};

#[derive(Debug, Deserialize)]
pub struct DepartmentLine {
    id: String,
    name: String,
}

impl Line for DepartmentLine {
    const FILE: &'static str = "departments.csv";
    const ID: &'static str = "id";
    const COLUMNS: &'static [&'static str] = &["id", "name"];
}

impl From<DepartmentLine> for Department {
    fn from(line: DepartmentLine) -> Self {
        Department { id: line.id, name: line.name }
    }
}

#[derive(Debug, Deserialize)]
pub struct PersonLine {
    pub number: u32,
    email: String,
    first_name: String,
    last_name: Option<String>,
    status: Employment,
}

impl Line for PersonLine {
    const FILE: &'static str = "people.csv";
    const ID: &'static str = "number";
    const COLUMNS: &'static [&'static str] = &["number", "email", "first_name", "last_name", "status"];
}

impl PersonLine {
    /// Somebody who is in these departments.
    pub fn into_person(self, departments: &[String]) -> Person {
        Person {
            number: self.number,
            email: self.email,
            first_name: self.first_name,
            last_name: self.last_name,
            status: self.status,
            departments: departments.iter().map(iden_bridge::Ref::new).collect(),
        }
    }
}

#[derive(Debug, Deserialize)]
pub struct MemberLine {
    pub department: String,
    pub person: u32,
}

impl Line for MemberLine {
    const FILE: &'static str = "members.csv";
    const ID: &'static str = "person";
    const COLUMNS: &'static [&'static str] = &["department", "person"];
}
