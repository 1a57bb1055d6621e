// Several groups, named targets, conversions, fields outside the protocol, aliases, raw names.
use std::collections::{BTreeSet, HashSet};

use iden_bridge::prelude::*;

#[derive(BridgeResource)]
#[bridge(group)]
struct Team {
    id: u32,
    name: String,
    description: Option<String>,
}

#[derive(BridgeResource)]
#[bridge(group, slug = "office")]
struct Site {
    #[bridge(id, with = number)]
    key: [u8; 2],
    #[bridge(name)]
    r#type: &'static str,
}

#[derive(BridgeResource)]
#[bridge(license)]
struct Seat {
    id: String,
    name: String,
}

fn number(key: &[u8; 2]) -> u16 {
    u16::from_be_bytes(*key)
}

type Teams = Vec<u32>;

#[derive(BridgeResource)]
#[bridge(account)]
struct Employee {
    id: u64,
    #[bridge(email, with = str::to_lowercase)]
    mail: String,
    #[bridge(memberships = Team)]
    teams: Teams,
    #[bridge(memberships)]
    site: Option<Ref<Site>>,
    #[bridge(assignments)]
    seats: BTreeSet<Ref<Seat>>,
    #[bridge(field = "desk")]
    desk: Option<u16>,
    #[bridge(field = "badges")]
    badges: Vec<String>,
    #[bridge(field = "remote")]
    remote: bool,
    status: bool,
}

#[derive(BridgeResource)]
#[bridge(account)]
struct Robot {
    #[bridge(id)]
    name: String,
    // The id is also what it logs in with.
    #[bridge(username)]
    login: String,
    #[bridge(assignments)]
    seats: HashSet<Ref<Seat>>,
}

// In a macro of the user's own.
macro_rules! groups {
    ($($name:ident $id:ty;)*) => { $(
        #[derive(BridgeResource)]
        #[bridge(group)]
        struct $name {
            id: $id,
            name: Option<$id>,
        }
    )* };
}

groups! { Room u8; Floor String; }

#[derive(BridgeStatus)]
enum State<T> {
    #[bridge(active)]
    Here { since: T },
    #[bridge(inactive)]
    Gone(T),
}

fn memberships(task: &CreateAccount<Employee>) -> Option<Vec<Ref<Team>>> {
    let _: Option<Vec<Ref<Site>>> = task.memberships::<Site>();
    let _: Option<Vec<Ref<Seat>>> = task.assignments::<Seat>();
    task.memberships::<Team>()
}

pub(super) fn main() {
    let _ = Team { id: 7, name: String::new(), description: None };
    let _ = (Site { key: [0, 1], r#type: "desk" }, Seat { id: String::new(), name: String::new() });
    let _ = Robot { name: String::new(), login: String::new(), seats: HashSet::new() };
    let _ = (Room { id: 1, name: None }, Floor { id: String::new(), name: None });
    let _ = (State::Here { since: 1 }, State::Gone(1));
    let _ = memberships;
    let _ = Employee {
        id: 1,
        mail: String::new(),
        teams: vec![],
        site: None,
        seats: BTreeSet::new(),
        desk: None,
        badges: vec![],
        remote: true,
        status: true,
    };
}
