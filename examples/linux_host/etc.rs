//! The files under `/etc`, read at one moment.

use std::{
    collections::{HashMap, HashSet},
    fs, io,
    path::Path,
    time::{SystemTime, UNIX_EPOCH},
};

use iden_bridge::Ref;

use crate::{
    model::{Access, UnixGroup, User},
    name::Name,
};

/// A line that says nothing sensible.
#[derive(Debug)]
pub struct BadLine {
    pub name: Option<Name>,
    pub why: String,
}

/// All users and groups. Who is in a group stands in two places: the group lists its members, and a user names one
/// group by number, the primary one.
#[derive(Debug)]
pub struct Etc {
    pub users: Vec<Result<User, BadLine>>,
    pub groups: Vec<Result<UnixGroup, BadLine>>,
}

impl Etc {
    pub fn read(root: &Path) -> io::Result<Etc> {
        let passwd = text(root, "passwd")?;
        let group = text(root, "group")?;
        let shadow = match text(root, "shadow") {
            // Only root may read it. Without it nobody is known to have expired.
            Err(error) if matches!(error.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::NotFound) => {
                String::new()
            }
            other => other?,
        };
        let members = Members::of(&group);
        let expired = expired(&shadow, today());
        Ok(Etc {
            users: lines(&passwd).map(|line| user(line, &members, &expired)).collect(),
            groups: lines(&group).map(unix_group).collect(),
        })
    }

    pub fn user(&self, name: &Name) -> Option<&User> {
        self.users.iter().flatten().find(|user| user.login == *name)
    }
}

fn text(root: &Path, file: &str) -> io::Result<String> {
    // Names of people in old files are not always UTF-8.
    Ok(String::from_utf8_lossy(&fs::read(root.join("etc").join(file))?).into_owned())
}

fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| !line.trim().is_empty())
}

fn user(line: &str, members: &Members<'_>, expired: &HashSet<&str>) -> Result<User, BadLine> {
    let [login, _, _, gid, comment, _, shell] = fields(line)?;
    let status = match (shell.rsplit('/').next(), expired.contains(login)) {
        (Some("nologin" | "false"), _) => Access::NoShell,
        (_, true) => Access::Expired,
        (_, false) => Access::Open,
    };
    // The comment may go on with a room and telephone numbers, after a comma.
    let full_name = comment.split(',').next().filter(|name| !name.is_empty());
    Ok(User {
        login: name(login)?,
        username: login.to_owned(),
        display_name: full_name.map(str::to_owned),
        status,
        groups: members.groups_of(login, gid),
    })
}

fn unix_group(line: &str) -> Result<UnixGroup, BadLine> {
    let [group, ..]: [&str; 4] = fields(line)?;
    Ok(UnixGroup { group: name(group)?, name: group.to_owned() })
}

fn fields<const N: usize>(line: &str) -> Result<[&str; N], BadLine> {
    let fields: Vec<&str> = line.split(':').collect();
    fields.try_into().map_err(|fields: Vec<&str>| BadLine {
        name: fields[0].parse().ok(),
        why: format!("its line has {} of {N} fields", fields.len()),
    })
}

fn name(text: &str) -> Result<Name, BadLine> {
    text.parse().map_err(|error: crate::name::BadName| BadLine { name: None, why: error.to_string() })
}

/// Groups by their number and by their members. Lines that are wrong are left out here and reported with the groups.
struct Members<'a> {
    by_gid: HashMap<&'a str, &'a str>,
    by_member: HashMap<&'a str, Vec<&'a str>>,
}

impl<'a> Members<'a> {
    fn of(group_file: &'a str) -> Self {
        let mut members = Members { by_gid: HashMap::new(), by_member: HashMap::new() };
        for [group, _, gid, list] in lines(group_file).filter_map(|line| fields(line).ok()) {
            // Of several groups with one number the first counts, as it does for the system.
            members.by_gid.entry(gid).or_insert(group);
            for member in list.split(',').filter(|member| !member.is_empty()) {
                members.by_member.entry(member).or_default().push(group);
            }
        }
        members
    }

    fn groups_of(&self, login: &str, gid: &str) -> Vec<Ref<UnixGroup>> {
        let primary = self.by_gid.get(gid);
        let others = self.by_member.get(login).into_iter().flatten().filter(|group| Some(*group) != primary);
        primary.into_iter().chain(others).filter_map(|group| Ref::from_wire(group)).collect()
    }
}

/// Who has expired: the eighth field is the day, counted from 1970.
fn expired(shadow: &str, today: u64) -> HashSet<&str> {
    let day = |line: &str| line.split(':').nth(7)?.parse::<u64>().ok();
    let gone = lines(shadow).filter(|line| day(line).is_some_and(|day| day <= today));
    gone.filter_map(|line| line.split(':').next()).collect()
}

fn today() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs() / (24 * 60 * 60))
}
