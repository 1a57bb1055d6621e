//! What Iden may order. Each handler is one transaction, so a task is done or not done, never half.

use iden_bridge::{Tasks, prelude::*};

use crate::{
    database::Hr,
    error::HrError,
    model::{Employee, Employment, Seat, Team},
    people,
};

pub fn all() -> Tasks<Hr> {
    tasks![hire, change, leave, suspend, unsuspend, reset_password]
}

#[bridge_task(verify = hired)]
pub async fn hire(cx: TaskContext<Hr>, task: CreateAccount<Employee>) -> Result<Created<Employee>, HrError> {
    let key = cx.task.key.clone();
    cx.blocking(move |hr| {
        hr.transaction(|tx| {
            let newcomer = people::Newcomer {
                email: required("email", task.email())?,
                first_name: required("first_name", task.first_name())?,
                surname: task.last_name(),
                hired_by: &key,
            };
            let number = people::hire(tx, &newcomer)?;
            people::set_teams(tx, number, &task.memberships::<Team>().unwrap_or_default())?;
            people::set_seats(tx, number, &task.assignments::<Seat>().unwrap_or_default())?;
            Ok(Created::new(number))
        })
    })
    .await
}

/// Was this person hired by this very task? Asked only when `hire` was interrupted. The e-mail address alone would not
/// tell: somebody else may have entered the same person.
pub async fn hired(cx: &TaskContext<Hr>, _: &CreateAccount<Employee>) -> Result<Probe<Created<Employee>>, HrError> {
    let key = cx.task.key.clone();
    let number = cx.blocking(move |hr| hr.transaction(|tx| people::hired_by(tx, &key))).await?;
    Ok(number.map_or(Probe::NotApplied, |number| Probe::Applied(Created::new(number))))
}

#[bridge_task]
pub async fn change(cx: TaskContext<Hr>, task: UpdateAccount<Employee>) -> Result<(), HrError> {
    cx.blocking(move |hr| {
        hr.transaction(|tx| {
            let number = *task.id();
            people::employment(tx, number)?;
            for change in task.changes() {
                match change {
                    AccountChange::Email(email) => {
                        people::set_email(tx, number, required("email", email.as_deref())?)?;
                    }
                    AccountChange::FirstName(name) => {
                        people::set(tx, number, "first_name", required("first_name", name.as_deref())?)?;
                    }
                    AccountChange::LastName(name) => people::set(tx, number, "surname", name)?,
                    AccountChange::Status(status) => people::set_employment(tx, number, status.into())?,
                    other => return Err(HrError::Unsupported(other.field().to_owned())),
                }
            }
            // `None` says nothing about teams; an empty list says: none.
            if let Some(teams) = task.memberships::<Team>() {
                people::set_teams(tx, number, &teams)?;
            }
            if let Some(seats) = task.assignments::<Seat>() {
                people::set_seats(tx, number, &seats)?;
            }
            Ok(())
        })
    })
    .await
}

/// An HR system forgets nobody: who is deleted has left, gives back teams and seats, and is inactive from then on.
///
/// To leave twice is to leave once. A number that was never given to anybody is no success, though: rows are never
/// removed here, so it can only be a mistake.
#[bridge_task]
pub async fn leave(cx: TaskContext<Hr>, task: DeleteAccount<Employee>) -> Result<(), HrError> {
    set_employment(cx, *task.id(), Employment::Left).await
}

#[bridge_task]
pub async fn suspend(cx: TaskContext<Hr>, task: SuspendAccount<Employee>) -> Result<(), HrError> {
    set_employment(cx, *task.id(), Employment::OnLeave).await
}

#[bridge_task]
pub async fn unsuspend(cx: TaskContext<Hr>, task: UnsuspendAccount<Employee>) -> Result<(), HrError> {
    set_employment(cx, *task.id(), Employment::Employed).await
}

/// Runs at most once, which is the default for this task: a second run would make a second password, and nobody could
/// say which of the two Iden was told.
#[bridge_task(timeout = "10s")]
pub async fn reset_password(cx: TaskContext<Hr>, task: ResetPassword<Employee>) -> Result<NewPassword, HrError> {
    cx.blocking(move |hr| {
        let password = hr.transaction(|tx| people::reset_password(tx, *task.id()))?;
        Ok(NewPassword::temporary(Secret::new(password)))
    })
    .await
}

async fn set_employment(cx: TaskContext<Hr>, number: u32, employment: Employment) -> Result<(), HrError> {
    cx.blocking(move |hr| hr.transaction(|tx| people::set_employment(tx, number, employment))).await
}

fn required<'a>(field: &'static str, value: Option<&'a str>) -> Result<&'a str, HrError> {
    value.map(str::trim).filter(|value| !value.is_empty()).ok_or(HrError::Missing(field))
}
