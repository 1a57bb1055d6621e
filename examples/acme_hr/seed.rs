//! The people, teams and seats of a new database. The same ones every time: there is no chance in it.

use rusqlite::{Transaction, params};

use crate::{
    error::HrError,
    model::{Employee, Employment},
};

pub const PEOPLE: u32 = 312;
const FIRST_NUMBER: u32 = 1001;

const FIRST_NAMES: [&str; 24] = [
    "Amara", "Björn", "Chloé", "Dmitri", "Elif", "Femi", "Giulia", "Hana", "Ibrahim", "Jana", "Kofi", "Lucía", "Mei",
    "Noah", "Olga", "Priya", "Quentin", "Rosa", "Samir", "Tomás", "Uma", "Viktor", "Wanda", "Zoë",
];
const SURNAMES: [&str; 13] = [
    "Adeyemi",
    "Bergström",
    "Castillo",
    "Dubois",
    "Eriksen",
    "Fischer",
    "García",
    "Haddad",
    "Ivanova",
    "Jansen",
    "Kowalski",
    "Lindqvist",
    "O'Neill",
];
const TEAMS: [(&str, &str); 12] = [
    ("board", "Board"),
    ("customer-care", "Customer Care"),
    ("data", "Data"),
    ("design", "Design"),
    ("finance", "Finance"),
    ("legal", "Legal"),
    ("logistics", "Logistics"),
    ("marketing", "Marketing"),
    ("people", "People & Culture"),
    ("platform", "Platform"),
    ("sales", "Sales"),
    ("security", "Security"),
];
const SEATS: [(&str, &str); 6] = [
    ("crm-pro", "CRM Professional"),
    ("design-suite", "Design Suite"),
    ("ide", "Developer Tools"),
    ("ledger", "Ledger"),
    ("office", "Office"),
    ("video", "Video Calls"),
];

pub fn fill(tx: &Transaction<'_>) -> Result<(), HrError> {
    for (id, name) in TEAMS {
        tx.execute("insert into team values (?1, ?2)", [id, name])?;
    }
    for (sku, name) in SEATS {
        tx.execute("insert into seat values (?1, ?2)", [sku, name])?;
    }
    (0..PEOPLE).try_for_each(|position| insert(tx, &person(position)))
}

fn insert(tx: &Transaction<'_>, person: &Employee) -> Result<(), HrError> {
    tx.execute(
        "insert into person (number, email, first_name, surname, status, salary) values (?1, ?2, ?3, ?4, ?5, ?6)",
        params![person.number, person.email, person.first_name, person.surname, person.status, person.salary],
    )?;
    for team in &person.teams {
        tx.execute("insert into team_member values (?1, ?2)", params![person.number, team.id()])?;
    }
    for seat in &person.seats {
        tx.execute("insert into seat_holder values (?1, ?2)", params![person.number, seat.id()])?;
    }
    Ok(())
}

/// The multipliers spread names, teams and salaries; the pair of names is another one for each position below 312.
fn person(position: u32) -> Employee {
    let at = position as usize;
    let first_name = FIRST_NAMES[at % 24];
    let surname = SURNAMES[(at / 24 * 4 + at % 24 * 5) % 13];
    // A few people have one name only.
    let (surname, mailbox) = match position % 104 {
        103 => (None, format!("{first_name}{position}")),
        _ => (Some(surname.to_owned()), format!("{first_name}.{surname}")),
    };
    let status = match (position % 13, position % 20) {
        (5, _) => Employment::Left,
        (_, 7) => Employment::OnLeave,
        _ => Employment::Employed,
    };
    let mut teams = vec![TEAMS[at * 7 % 12].0];
    let mut seats = vec!["office"];
    if at.is_multiple_of(3) {
        teams.push(TEAMS[(at * 7 + 5) % 12].0);
        seats.push("video");
    }
    match teams[0] {
        "data" | "platform" | "security" => seats.push("ide"),
        "design" | "marketing" => seats.push("design-suite"),
        "customer-care" | "sales" => seats.push("crm-pro"),
        "finance" => seats.push("ledger"),
        _ => {}
    }
    if status == Employment::Left {
        (teams, seats) = (Vec::new(), Vec::new());
    }
    Employee {
        number: FIRST_NUMBER + position,
        email: format!("{}@acme.example", ascii(&mailbox)),
        first_name: first_name.to_owned(),
        surname,
        status,
        teams: teams.into_iter().map(iden_bridge::Ref::new).collect(),
        seats: seats.into_iter().map(iden_bridge::Ref::new).collect(),
        // In cents.
        salary: 4_217_331 + position * 7_919 % 6_000_000,
    }
}

/// A name as it stands in an e-mail address.
fn ascii(name: &str) -> String {
    let letter = |letter: char| match letter {
        'á' => 'a',
        'é' | 'ë' => 'e',
        'í' => 'i',
        'ö' => 'o',
        other => other,
    };
    name.to_lowercase().chars().filter(|c| *c != '\'').map(letter).collect()
}
