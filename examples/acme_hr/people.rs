//! What can be done to people. Each function is a part of a transaction.

use iden_bridge::Ref;
use rusqlite::{OptionalExtension, ToSql, Transaction, params};
use uuid::Uuid;

use crate::{
    error::HrError,
    model::{Employment, Seat, Team},
};

pub struct Newcomer<'a> {
    pub email: &'a str,
    pub first_name: &'a str,
    pub surname: Option<&'a str>,
    /// The key of the task.
    pub hired_by: &'a str,
}

/// Hires somebody, or finds whom this task has hired already.
pub fn hire(tx: &Transaction<'_>, newcomer: &Newcomer<'_>) -> Result<u32, HrError> {
    if let Some(number) = hired_by(tx, newcomer.hired_by)? {
        return Ok(number);
    }
    if owner_of(tx, newcomer.email)?.is_some() {
        return Err(HrError::EmailTaken(newcomer.email.to_owned()));
    }
    let sql = "insert into person (email, first_name, surname, hired_by) values (?1, ?2, ?3, ?4) returning number";
    let values = params![newcomer.email, newcomer.first_name, newcomer.surname, newcomer.hired_by];
    Ok(tx.query_row(sql, values, |row| row.get(0))?)
}

pub fn hired_by(tx: &Transaction<'_>, key: &str) -> Result<Option<u32>, HrError> {
    Ok(tx.query_row("select number from person where hired_by = ?1", [key], |row| row.get(0)).optional()?)
}

pub fn employment(tx: &Transaction<'_>, number: u32) -> Result<Employment, HrError> {
    let found = tx.query_row("select status from person where number = ?1", [number], |row| row.get(0)).optional()?;
    found.ok_or(HrError::NoSuchEmployee(number))
}

/// A leaver stays a leaver: an account that comes back without a contract is what identity governance is there to
/// prevent.
pub fn set_employment(tx: &Transaction<'_>, number: u32, to: Employment) -> Result<(), HrError> {
    match (employment(tx, number)?, to) {
        (Employment::Left, Employment::Left) => Ok(()),
        (Employment::Left, _) => Err(HrError::HasLeft(number)),
        (_, Employment::Left) => {
            for table in ["team_member", "seat_holder", "password_reset"] {
                tx.execute(&format!("delete from {table} where person = ?1"), [number])?;
            }
            set(tx, number, "status", to)
        }
        _ => set(tx, number, "status", to),
    }
}

pub fn set_email(tx: &Transaction<'_>, number: u32, email: &str) -> Result<(), HrError> {
    match owner_of(tx, email)? {
        Some(owner) if owner != number => Err(HrError::EmailTaken(email.to_owned())),
        _ => set(tx, number, "email", email),
    }
}

/// Sets one column. `column` is a literal of this program, never a text from outside.
pub fn set(tx: &Transaction<'_>, number: u32, column: &'static str, value: impl ToSql) -> Result<(), HrError> {
    tx.execute(&format!("update person set {column} = ?2 where number = ?1"), params![number, value])?;
    Ok(())
}

/// These teams and no others.
pub fn set_teams(tx: &Transaction<'_>, number: u32, teams: &[Ref<Team>]) -> Result<(), HrError> {
    must_be_here(tx, number, teams)?;
    tx.execute("delete from team_member where person = ?1", [number])?;
    for team in teams {
        // No row is added where there is no such team; one that is named twice is replaced by itself.
        let sql = "insert or replace into team_member select ?1, id from team where id = ?2";
        if tx.execute(sql, params![number, team.id()])? == 0 {
            return Err(HrError::NoSuchTeam(team.id().clone()));
        }
    }
    Ok(())
}

/// These seats and no others.
pub fn set_seats(tx: &Transaction<'_>, number: u32, seats: &[Ref<Seat>]) -> Result<(), HrError> {
    must_be_here(tx, number, seats)?;
    tx.execute("delete from seat_holder where person = ?1", [number])?;
    for seat in seats {
        let sql = "insert or replace into seat_holder select ?1, sku from seat where sku = ?2";
        if tx.execute(sql, params![number, seat.id()])? == 0 {
            return Err(HrError::NoSuchSeat(seat.id().clone()));
        }
    }
    Ok(())
}

/// Writes a one-time password down for the HR portal, and returns it. It replaces one that was not used.
///
/// It stands there as it is: a password needs a slow hash, neither Rust's library nor SQLite has one, and a home-made
/// one would only look safe. So it is random, good once, and for a day.
pub fn reset_password(tx: &Transaction<'_>, number: u32) -> Result<String, HrError> {
    if employment(tx, number)? == Employment::Left {
        return Err(HrError::HasLeft(number));
    }
    // 122 bits of the operating system's randomness, in letters that can be read out on the telephone.
    let password = Uuid::new_v4().to_string();
    let sql = "insert or replace into password_reset values (?1, ?2, datetime('now', '+1 day'))";
    tx.execute(sql, params![number, password])?;
    Ok(password)
}

fn owner_of(tx: &Transaction<'_>, email: &str) -> Result<Option<u32>, HrError> {
    Ok(tx.query_row("select number from person where email = ?1", [email], |row| row.get(0)).optional()?)
}

/// Leavers may lose what they have, and get nothing new.
fn must_be_here<T>(tx: &Transaction<'_>, number: u32, wanted: &[T]) -> Result<(), HrError> {
    if !wanted.is_empty() && employment(tx, number)? == Employment::Left {
        return Err(HrError::HasLeft(number));
    }
    Ok(())
}
