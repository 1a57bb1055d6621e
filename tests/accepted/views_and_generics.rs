// Borrowed views, type parameters and const parameters.
use iden_bridge::prelude::*;

#[derive(BridgeResource)]
#[bridge(group)]
struct Team {
    id: u32,
    name: String,
}

// A view of a row: nothing is copied but the id. Its name elsewhere is `Row<'static>`.
#[derive(BridgeResource)]
#[bridge(account)]
struct Row<'a> {
    #[bridge(id)]
    key: &'a str,
    email: Option<&'a str>,
    username: std::borrow::Cow<'a, str>,
    #[bridge(status, with = state)]
    state: &'a u8,
    #[bridge(memberships = Team)]
    teams: &'a [String],
}

fn state(state: &u8) -> Result<Status, String> {
    match state {
        0 => Ok(Status::Active),
        1 => Ok(Status::Inactive),
        other => Err(format!("{other} is no state")),
    }
}

// The bounds follow from what the fields are sent as.
#[derive(BridgeResource)]
#[bridge(account)]
struct Tagged<K, T: Clone, G: iden_bridge::Resource, const N: usize = 3>
where
    T: PartialEq,
{
    id: K,
    username: Option<T>,
    #[bridge(memberships)]
    groups: Vec<Ref<G>>,
    #[bridge(field = "extra")]
    extra: Vec<T>,
    #[bridge(skip)]
    #[allow(dead_code)]
    digits: [u8; N],
}

#[derive(BridgeResource)]
#[bridge(account)]
struct Both<'a, T> {
    id: u64,
    email: &'a T,
}

struct Hr {
    names: Vec<String>,
}

impl Source<Row<'static>> for Hr {
    async fn read(&self, out: &Out<Row<'static>>) -> Result<(), SourceError> {
        for name in &self.names {
            let row = Row { key: name, email: None, username: name.into(), state: &0, teams: &self.names };
            out.push(row).await;
        }
        Ok(())
    }
}

impl Source<Tagged<u32, String, Team>> for Hr {
    async fn read(&self, out: &Out<Tagged<u32, String, Team>>) -> Result<(), SourceError> {
        out.push(Tagged { id: 1, username: None, groups: vec![Ref::new(7_u32)], extra: vec![], digits: [0; 3] }).await;
        Ok(())
    }
}

impl Source<Both<'static, String>> for Hr {
    async fn read(&self, out: &Out<Both<'static, String>>) -> Result<(), SourceError> {
        out.push(Both { id: 1, email: &self.names[0] }).await;
        Ok(())
    }
}

#[bridge_task]
async fn suspend(_: TaskContext<Hr>, task: SuspendAccount<Row<'static>>) -> Result<(), TaskError> {
    let _: &String = task.id();
    Ok(())
}

pub(super) fn main() {
    let _ = tasks![suspend];
    let _ = Team { id: 7, name: String::new() };
}
