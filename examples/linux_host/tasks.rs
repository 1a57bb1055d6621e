//! What Iden may order, in terms of the programs that every Linux has.

use iden_bridge::{Tasks, prelude::*};
use uuid::Uuid;

use crate::{
    command_line::CommandLine,
    error::HostError,
    host::Host,
    model::{UnixGroup, User},
    name::Name,
};

pub fn all() -> Tasks<Host> {
    tasks![create, change, delete, suspend, unsuspend, reset_password]
}

#[bridge_task(verify = created)]
pub async fn create(cx: TaskContext<Host>, task: CreateAccount<User>) -> Result<Created<User>, HostError> {
    cx.blocking(move |host| {
        let login = login_of(&task)?;
        if host.etc()?.user(&login).is_some() {
            return Err(HostError::UserExists(login));
        }
        let mut useradd = CommandLine::new("useradd").arg("--create-home");
        if let Some(full_name) = task.display_name() {
            useradd = useradd.arg("--comment").arg(comment(full_name)?);
        }
        if let Some(groups) = task.memberships::<UnixGroup>().filter(|groups| !groups.is_empty()) {
            useradd = useradd.arg("--groups").arg(list(&groups));
        }
        host.execute(vec![useradd.arg(login.as_str())])?;
        Ok(Created::new(login))
    })
    .await
}

/// Did the interrupted `create` get through? A user of that name may also be somebody else's work: then the name is
/// right and the rest most likely is not, and a person has to look.
pub async fn created(cx: &TaskContext<Host>, task: &CreateAccount<User>) -> Result<Probe<Created<User>>, HostError> {
    let login = login_of(task)?;
    let etc = cx.blocking(Host::etc).await?;
    let Some(user) = etc.user(&login) else { return Ok(Probe::NotApplied) };
    let groups = task.memberships::<UnixGroup>().unwrap_or_default();
    let same =
        user.display_name.as_deref() == task.display_name() && groups.iter().all(|one| user.groups.contains(one));
    Ok(if same { Probe::Applied(Created::new(login)) } else { Probe::Unknown })
}

#[bridge_task]
pub async fn change(cx: TaskContext<Host>, task: UpdateAccount<User>) -> Result<(), HostError> {
    cx.blocking(move |host| {
        let etc = host.etc()?;
        let user = etc.user(task.id()).ok_or_else(|| HostError::NoSuchUser(task.id().clone()))?;
        let mut usermod = CommandLine::new("usermod");
        if task.changes().is_empty() && task.memberships::<UnixGroup>().is_none() {
            return Ok(());
        }
        for change in task.changes() {
            match change {
                AccountChange::DisplayName(name) => {
                    usermod = usermod.arg("--comment").arg(comment(&name.unwrap_or_default())?);
                }
                // A new login name would be a new id: the files that belong to the old one stay behind.
                other => return Err(HostError::Unsupported(other.field().to_owned())),
            }
        }
        if let Some(mut groups) = task.memberships::<UnixGroup>() {
            // These are the other groups: the primary one, the first here, cannot be left, only exchanged.
            groups.retain(|group| user.groups.first() != Some(group));
            usermod = usermod.arg("--groups").arg(list(&groups));
        }
        host.execute(vec![usermod.arg(task.id().as_str())])
    })
    .await
}

/// The home directory stays: it may hold what the company needs. Nobody has to be deleted twice.
#[bridge_task]
pub async fn delete(cx: TaskContext<Host>, task: DeleteAccount<User>) -> Result<(), HostError> {
    cx.blocking(move |host| match host.etc()?.user(task.id()) {
        Some(user) => host.execute(vec![CommandLine::new("userdel").arg(user.login.as_str())]),
        None => Ok(()),
    })
    .await
}

#[bridge_task]
pub async fn suspend(cx: TaskContext<Host>, task: SuspendAccount<User>) -> Result<(), HostError> {
    // The second day of 1970: 0 is understood in different ways.
    expire(cx, task.id().clone(), "1").await
}

#[bridge_task]
pub async fn unsuspend(cx: TaskContext<Host>, task: UnsuspendAccount<User>) -> Result<(), HostError> {
    expire(cx, task.id().clone(), "").await
}

async fn expire(cx: TaskContext<Host>, login: Name, day: &'static str) -> Result<(), HostError> {
    cx.blocking(move |host| {
        must_exist(host, &login)?;
        host.execute(vec![CommandLine::new("usermod").arg("--expiredate").arg(day).arg(login.as_str())])
    })
    .await
}

/// Sets a password that is good for one login.
#[bridge_task]
pub async fn reset_password(cx: TaskContext<Host>, task: ResetPassword<User>) -> Result<NewPassword, HostError> {
    cx.blocking(move |host| {
        let login = task.id();
        must_exist(host, login)?;
        // 122 bits of the operating system's randomness.
        let password = Uuid::new_v4().to_string();
        let line = Secret::new(format!("{login}:{password}\n"));
        host.execute(vec![
            CommandLine::new("chpasswd").input(line),
            CommandLine::new("chage").arg("--lastday").arg("0").arg(login.as_str()),
        ])?;
        Ok(NewPassword::temporary(Secret::new(password)))
    })
    .await
}

fn must_exist(host: &Host, login: &Name) -> Result<(), HostError> {
    host.etc()?.user(login).map(drop).ok_or_else(|| HostError::NoSuchUser(login.clone()))
}

/// The login name that the task asks for, else the part of the e-mail address before the `@`.
fn login_of(task: &CreateAccount<User>) -> Result<Name, HostError> {
    let of_email = || task.email()?.split('@').next().map(str::to_lowercase);
    let login = task.username().map(str::to_owned).or_else(of_email).ok_or(HostError::NoName)?;
    Ok(login.parse()?)
}

/// A full name as it may stand in `/etc/passwd`, where `:` ends a field and `,` the name.
fn comment(text: &str) -> Result<String, HostError> {
    if text.contains(|c: char| c.is_control() || matches!(c, ':' | ',')) {
        return Err(HostError::BadText(text.to_owned()));
    }
    Ok(text.to_owned())
}

fn list(groups: &[Ref<UnixGroup>]) -> String {
    groups.iter().map(|group| group.id().as_str()).collect::<Vec<_>>().join(",")
}
