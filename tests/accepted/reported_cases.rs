//! What users reported: it has to compile without a warning.
#![deny(warnings)]
#![allow(dead_code)]

use iden_bridge::{prelude::*, testing};

/// Deprecated items that generated code mentions: a type, a field, a variant, a handler.
mod deprecated {
    use iden_bridge::prelude::*;

    #[derive(BridgeResource)]
    #[bridge(group)]
    #[deprecated(note = "use Squad")]
    pub struct Team {
        id: u32,
        name: String,
    }

    #[derive(BridgeResource)]
    #[bridge(account)]
    pub struct Person {
        id: u32,
        email: String,
        #[deprecated(note = "the login goes away")]
        username: Option<String>,
        #[deprecated]
        #[bridge(skip)]
        legacy: u8,
    }

    /// Points to a deprecated type, which the user allows.
    #[allow(deprecated)]
    #[derive(BridgeResource)]
    #[bridge(account)]
    pub struct Member {
        id: u32,
        email: String,
        #[bridge(memberships)]
        teams: Vec<Ref<Team>>,
    }

    #[derive(BridgeStatus)]
    pub enum State {
        #[bridge(active)]
        Open,
        #[deprecated(note = "nobody is frozen any more")]
        #[bridge(suspended)]
        Frozen,
    }

    #[derive(Debug, BridgeError, thiserror::Error)]
    pub enum Trouble {
        #[error("gone")]
        #[bridge(code = "account_not_found")]
        Gone,
        #[deprecated]
        #[error("old")]
        #[bridge(retry)]
        Old,
    }

    pub struct Hr;

    impl Source<Person> for Hr {
        async fn read(&self, _: &Out<Person>) -> Result<(), SourceError> {
            Ok(())
        }
    }

    #[deprecated(note = "replaced soon")]
    #[bridge_task]
    async fn suspend(_cx: TaskContext<Hr>, _task: SuspendAccount<Person>) -> Result<(), Trouble> {
        Ok(())
    }

    pub fn handlers() -> usize {
        #[allow(deprecated)]
        let tasks = tasks![suspend];
        tasks.entries().len()
    }
}

/// A handler that exists on one platform only.
mod configured {
    use super::deprecated::{Hr, Person};
    use iden_bridge::prelude::*;

    #[bridge_task]
    async fn suspend(_cx: TaskContext<Hr>, _task: SuspendAccount<Person>) -> Result<(), TaskError> {
        Ok(())
    }

    #[cfg(windows)]
    #[bridge_task]
    async fn unsuspend(_cx: TaskContext<Hr>, _task: UnsuspendAccount<Person>) -> Result<(), TaskError> {
        Ok(())
    }

    #[cfg(not(windows))]
    #[bridge_task]
    async fn delete(_cx: TaskContext<Hr>, _task: DeleteAccount<Person>) -> Result<(), TaskError> {
        Ok(())
    }

    pub fn handlers() -> Vec<&'static str> {
        let first = tasks![
            #[cfg(windows)]
            unsuspend,
            suspend,
            #[cfg(not(windows))]
            delete
        ];
        first.entries().iter().map(iden_bridge::tasks::Entry::name).collect()
    }
}

/// A login name, or a group's name, that is the id as well.
#[derive(BridgeResource)]
#[bridge(account)]
struct User {
    #[bridge(id, username)]
    login: String,
}

#[derive(BridgeResource)]
#[bridge(group)]
struct Role {
    #[bridge(name, id)]
    title: String,
}

/// Names that are not small letters are the user's affair.
#[derive(BridgeResource)]
#[bridge(account)]
#[allow(non_snake_case)]
struct Ldap {
    id: u32,
    #[bridge(email)]
    userMail: String,
    #[bridge(display_name)]
    user__name: String,
}

/// No lint is allowed in generated code, where a crate forbids to allow it.
mod forbidden {
    #![forbid(deprecated, non_camel_case_types, non_snake_case)]

    use super::deprecated::{Hr, Person};
    use iden_bridge::prelude::*;

    #[bridge_task]
    pub async fn suspend(_cx: TaskContext<Hr>, _task: SuspendAccount<Person>) -> Result<(), TaskError> {
        Ok(())
    }
}

pub fn main() {
    assert_eq!(deprecated::handlers(), 1);
    assert_eq!(configured::handlers().len(), 2);
    let user = testing::record(&User { login: "ann".to_owned() });
    assert_eq!(user, serde_json::json!({"id": "ann", "username": "ann"}));
    let role = testing::record(&Role { title: "Sales".to_owned() });
    assert_eq!(role, serde_json::json!({"id": "Sales", "name": "Sales"}));
    let ldap = testing::record(&Ldap { id: 7, userMail: "a@b.example".to_owned(), user__name: "Ann".to_owned() });
    assert_eq!(ldap["email"], "a@b.example");
    assert_eq!(tasks![forbidden::suspend].entries().len(), 1);
    let team: Vec<Ref<Role>> = vec![Ref::new("Sales")];
    assert_eq!(team.len(), 1);
}
